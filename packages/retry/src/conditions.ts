import type { OnError } from './plan.ts';
import { refuse } from './refuse.ts';
import type { Maybe, RetryIf, RetryState, Stop } from './retry-options.ts';

type Class = abstract new (...args: any[]) => unknown;

/** Holds for an error of any of these classes. */
export function ifError(...types: Class[]): Stop {
  return ofClass('ifError', types, true);
}

/** Holds for an error of none of these classes. */
export function unlessError(...types: Class[]): Stop {
  return ofClass('unlessError', types, false);
}

function ofClass(name: string, types: Class[], wanted: boolean): Stop {
  if (types.length === 0) refuse(name, undefined, 'one class of errors or more');
  for (const type of types) if (typeof type !== 'function') refuse(name, type, 'classes of errors');
  return onError((error) => types.some((type) => error instanceof type) === wanted);
}

/** Holds for an error whose message contains this text, or matches this pattern. */
export function ifMessage(pattern: string | RegExp): Stop {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) {
    refuse('ifMessage', pattern, 'a text or a RegExp');
  }
  return onError((error) => {
    const message = String((error as Partial<Error> | undefined | null)?.message ?? error);
    // `search` ignores the state that a pattern with the flag g or y carries from match to match.
    return typeof pattern === 'string' ? message.includes(pattern) : message.search(pattern) >= 0;
  });
}

/** Holds where the predicate holds for the error or any of its causes, however deep (cycles end). */
export function ifCause(predicate: (error: unknown) => boolean): Stop {
  if (typeof predicate !== 'function') refuse('ifCause', predicate, 'a function');
  return onError((error) => {
    const seen = new Set<unknown>();
    for (let cause = error; cause !== undefined && !seen.has(cause);) {
      if (predicate(cause)) return true;
      seen.add(cause);
      cause = (cause as { cause?: unknown } | null)?.cause;
    }
    return false;
  });
}

/** Holds for a result that the predicate holds for; never for an error. */
export function ifResult<T>(predicate: (value: T) => boolean): Stop<T>;
export function ifResult<T>(predicate: (value: T) => Maybe<boolean>): RetryIf<T>;
export function ifResult<T>(predicate: (value: T) => Maybe<boolean>): RetryIf<T> {
  if (typeof predicate !== 'function') refuse('ifResult', predicate, 'a function');
  return ({ outcome }) => (outcome?.ok === true ? predicate(outcome.value) : false);
}

// Marked, so that a call that succeeds is spared the question.
function onError(predicate: (error: unknown) => boolean): OnError {
  return Object.assign(({ outcome }: RetryState) => outcome?.ok === false && predicate(outcome.error), {
    error: true,
  } as const);
}
