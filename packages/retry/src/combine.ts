import { refuse } from './refuse.ts';
import type { Maybe, RetryIf, Stop } from './retry-options.ts';

/** Holds where any of them holds; asked in order, until one does. */
export function anyOf<T>(...conditions: Stop<T>[]): Stop<T>;
export function anyOf<T>(...conditions: RetryIf<T>[]): RetryIf<T>;
export function anyOf<T>(...conditions: RetryIf<T>[]): RetryIf<T> {
  return combined('anyOf', conditions, true);
}

/** Holds where all of them hold; asked in order, until one does not. */
export function allOf<T>(...conditions: Stop<T>[]): Stop<T>;
export function allOf<T>(...conditions: RetryIf<T>[]): RetryIf<T>;
export function allOf<T>(...conditions: RetryIf<T>[]): RetryIf<T> {
  return combined('allOf', conditions, false);
}

/** Holds where the condition does not. */
export function not<T>(condition: Stop<T>): Stop<T>;
export function not<T>(condition: RetryIf<T>): RetryIf<T>;
export function not<T>(condition: RetryIf<T>): RetryIf<T> {
  check('not', condition);
  return (state) => then(condition(state), (held) => !held);
}

function combined<T>(name: string, conditions: RetryIf<T>[], decisive: boolean): RetryIf<T> {
  if (conditions.length === 0) refuse(name, undefined, 'one condition or more');
  for (const condition of conditions) check(name, condition);
  return (state) => {
    const from = (i: number): Maybe<boolean> =>
      i === conditions.length
        ? !decisive
        : then(conditions[i]!(state), (held) => (held === decisive ? decisive : from(i + 1)));
    return from(0);
  };
}

// Conditions that are all synchronous combine to one that is: stops, and retrySync, need that.
function then(held: Maybe<boolean>, next: (held: boolean) => Maybe<boolean>): Maybe<boolean> {
  return typeof (held as PromiseLike<boolean> | undefined)?.then === 'function'
    ? (held as PromiseLike<boolean>).then((late) => next(!!late))
    : next(!!held);
}

function check(name: string, condition: unknown): void {
  if (typeof condition !== 'function') refuse(name, condition, 'functions of the state');
}
