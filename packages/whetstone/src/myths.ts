import type { ProfileAbout } from '@whetstone/profile';

/** A rule for fast code that people repeat, and that gains nothing on the versions it was measured on. */
interface Myth {
  /** What the rule says to do. */
  readonly rule: string;
  /** Time without the rule ÷ time with it, by version of Python: below 1 the rule makes it slower. */
  readonly ratios: Readonly<Record<string, number>>;
}

const cpython: readonly Myth[] = [
  {
    rule: 'Bind globals to local variables before a loop.',
    ratios: { '3.11': 1.06, '3.12': 1, '3.13': 1.07 },
  },
  {
    rule: 'Bind built-in functions to local variables (`def f(x, len=len)`).',
    ratios: { '3.11': 1.03, '3.12': 1, '3.13': 1.07 },
  },
  {
    rule: 'Bind a method before a loop (`append = out.append`).',
    ratios: { '3.11': 0.83, '3.12': 0.92, '3.13': 0.86 },
  },
  {
    rule: 'Keep attributes in local variables (`step = self.step`).',
    ratios: { '3.11': 1.08, '3.12': 1.08, '3.13': 1.11 },
  },
  {
    rule: 'Write a comprehension instead of a loop that appends.',
    ratios: { '3.11': 1.07, '3.12': 1.12, '3.13': 1.16 },
  },
  {
    rule: 'Put `try` outside of the loop.',
    ratios: { '3.11': 1.03, '3.12': 1.01, '3.13': 1.02 },
  },
  {
    rule: 'Write `while 1` instead of `while True`.',
    ratios: { '3.11': 1, '3.12': 1, '3.13': 1 },
  },
];

/** What is said of a runtime: its rules with the ratio on its version, and where the figures come from. */
export interface Myths {
  /** `CPython 3.11.2`. */
  readonly runtime: string;
  readonly rows: readonly { readonly rule: string; readonly ratio: number }[];
  readonly source: string;
}

/**
 * The rules that were measured on a runtime's version and gained nothing.
 *
 * `rows` is empty for versions that were not measured: what holds for one may not for the next.
 */
export function mythsOf({ name, version }: ProfileAbout['runtime']): Myths {
  const title = { node: 'Node', cpython: 'CPython', pypy: 'PyPy', other: 'this runtime' }[name];
  const minor = /^\d+\.\d+/.exec(version)?.[0] ?? '';
  return {
    runtime: version === '' ? title : `${title} ${version}`,
    rows: (name === 'cpython' ? cpython : []).flatMap(({ rule, ratios }) => {
      const ratio = ratios[minor];
      return ratio === undefined ? [] : [{ rule, ratio }];
    }),
    source:
      'Measured on CPython 3.11.2, 3.12.1 and 3.13.5, each in a loop that does nothing else (npm run bench -- rules-python).',
  };
}
