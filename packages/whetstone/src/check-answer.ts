import type { Hooks } from './hooks.ts';

type Check = (value: unknown) => string | undefined;

/**
 * What is wrong with a plugin's answer to a hook, or `undefined`: plugins need not be written in TypeScript, and
 * what they answer is shown far from where they are called.
 */
export function checkAnswer(hook: keyof Hooks, answer: unknown): string | undefined {
  return answer === undefined || answer === null ? undefined : checks[hook](answer, hook);
}

const text: Check = (value) => (typeof value === 'string' && value !== '' ? undefined : 'text');
const anyText: Check = (value) => (typeof value === 'string' ? undefined : 'text');
const call: Check = (value) => (typeof value === 'function' ? undefined : 'a function');
const share: Check = (value) =>
  typeof value === 'number' && value >= 0 && value <= 1 ? undefined : 'a number from 0 to 1';
const count: Check = (value) => (typeof value === 'number' ? undefined : 'a number');
const confidence: Check = (value) =>
  ['certain', 'likely', 'possible'].includes(value as string) ? undefined : 'certain, likely or possible';
const figure: Check = (value) =>
  typeof value === 'number' || typeof value === 'string' ? undefined : 'a number or text';

type Shape = (value: unknown, path: string) => string | undefined;

const is =
  (check: Check): Shape =>
  (value, path) => {
    const wanted = check(value);
    return wanted && `${path} is ${shown(value)}, and must be ${wanted}`;
  };
const optional =
  (shape: Shape): Shape =>
  (value, path) =>
    value === undefined ? undefined : shape(value, path);
const nullable =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? undefined : shape(value, path);
const list =
  (shape: Shape): Shape =>
  (value, path) =>
    Array.isArray(value)
      ? firstOf(value.map((item, i) => () => shape(item, `${path}[${i}]`)))
      : `${path} is ${shown(value)}, and must be a list`;
const object =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, path) =>
    typeof value === 'object' && value !== null
      ? firstOf(
          Object.entries(shapes).map(
            ([key, shape]) =>
              () =>
                shape((value as Record<string, unknown>)[key], `${path}.${key}`),
          ),
        )
      : `${path} is ${shown(value)}, and must be an object`;
const figures: Shape = (value, path) =>
  typeof value === 'object' && value !== null
    ? firstOf(
        Object.entries(value).map(
          ([key, one]) =>
            () =>
              is(figure)(one, `${path}.${key}`),
        ),
      )
    : `${path} is ${shown(value)}, and must be an object`;

const recording = object({ profile: object({ about: object({}) }), exit: object({}) });

const checks: Readonly<Record<keyof Hooks, Shape>> = {
  formats: list(
    object({
      name: is(text),
      extensions: list(is(text)),
      matches: optional(is(call)),
      read: optional(is(call)),
      write: optional(is(call)),
    }),
  ),
  recordTarget: recording,
  recordProcess: recording,
  findings: list(
    object({
      id: is(text),
      title: is(text),
      text: is(anyText),
      confidence: is(confidence),
      gainAtMost: nullable(is(share)),
      where: nullable(object({ file: is(anyText), line: is(count), function: is(anyText) })),
      evidence: figures,
      suggestions: list(is(text)),
    }),
  ),
  reports: list(object({ name: is(text), render: is(call) })),
};

function firstOf(tries: readonly (() => string | undefined)[]): string | undefined {
  for (const attempt of tries) {
    const wrong = attempt();
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value));
}
