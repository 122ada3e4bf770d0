import type { Milliseconds } from './duration.ts';
import { asksAgain, causeOf, RetryError, RetryTimeout } from './errors.ts';
import { type AnyOptions, type Plan, planOf, unwrapped } from './plan.ts';
import { refuse } from './refuse.ts';
import type { Outcome, RetryOptions, RetryState, Statistics, Stop } from './retry-options.ts';
import { testSwitch } from './test-switch.ts';
import { delayOf } from './wait-of.ts';

/** The same, for functions that return a value: everything in it is synchronous. */
export interface RetrySyncOptions<T = unknown, F = never> extends Omit<
  RetryOptions<T, F>,
  | 'attemptTimeout'
  | 'signal'
  | 'unref'
  | 'retryIf'
  | 'before'
  | 'after'
  | 'beforeSleep'
  | 'onSettled'
  | 'fallback'
  | 'clock'
> {
  retryIf?: Stop<T>;
  before?(state: RetryState<T>): void;
  after?(state: RetryState<T>): void;
  beforeSleep?(state: RetryState<T>): void;
  onSettled?(statistics: Statistics): void;
  fallback?(state: RetryState<T>): F;
  clock?: { now(): Milliseconds; sleep(duration: Milliseconds): void };
}

/** A wrapped synchronous function: same name, length, `this`, arguments and result. */
export interface RetriedSync<A extends unknown[], R, This, F = never> {
  (this: This, ...args: A): R | F;
  /** The same function with other options over these. */
  with<F2 = F>(options: RetrySyncOptions<R, F2>): RetriedSync<A, R, This, F2>;
}

type AnyFunction = (this: any, ...args: any[]) => any;

const ABSENT = ['attemptTimeout', 'signal', 'unref'];

/**
 * For functions that return a value, not a promise. Blocks the thread while it sleeps (`Atomics.wait`;
 * on a browser's main thread a sleep throws). `timeout` is looked at between attempts: nothing can
 * interrupt one.
 *
 * A clock read costs more than a call: without an option that could look at the time, it counts from
 * the end of the first attempt.
 *
 * @throws `TypeError` from the wrapped function, if the given one returned a promise
 */
export function retrySync<A extends unknown[], R, This, F = never>(
  fn: (this: This, ...args: A) => R extends PromiseLike<unknown> ? never : R,
  options: RetrySyncOptions<R, F> = {},
): RetriedSync<A, R, This, F> {
  if (typeof fn !== 'function') refuse('fn', fn, 'function');
  return functionOf(planFor(options), fn as AnyFunction);
}

function planFor(options: RetrySyncOptions<any, any>): Plan {
  for (const name of ABSENT) {
    if (options && name in options) {
      throw new TypeError(`retrySync has no option "${name}": nothing can interrupt it`);
    }
  }
  return planOf(options as AnyOptions);
}

/** Options that no look at the clock can be made from. */
const TIMELESS = ['attempts', 'wait', 'random', 'name', 'enabled'];

function functionOf(plan: Plan, fn: AnyFunction): RetriedSync<any, any, any, any> {
  const plain = Object.entries(plan.options).every(
    ([name, value]) => TIMELESS.includes(name) && (name !== 'wait' || typeof value !== 'function'),
  );
  const retried = function (this: unknown, first?: unknown) {
    // `arguments` costs less than a rest parameter, and `call` less than `apply`.
    const args = arguments;
    if (!plain) return again(this, args, plan.now());
    let value: unknown;
    try {
      value = args.length === 1 ? fn.call(this, first) : fn.apply(this, args as never);
    } catch (error) {
      return again(this, args, plan.now(), { ok: false, error });
    }
    return refusePromise(value);
  };
  const again = (self: unknown, args: IArguments, began: Milliseconds, ended?: Outcome<unknown>) =>
    complete(plan, fn.name, [...args], began, () => fn.apply(self, args as never), ended);
  for (const key of ['name', 'length'] as const) {
    Object.defineProperty(retried, key, { value: fn[key] });
  }
  return Object.assign(retried, {
    with: (over: RetrySyncOptions<any, any>) =>
      functionOf(planFor({ ...plan.options, ...over } as RetrySyncOptions<any, any>), fn),
  });
}

function complete(
  given: Plan,
  ownName: string,
  args: readonly unknown[],
  began: Milliseconds,
  work: () => unknown,
  first?: Outcome<unknown>,
): unknown {
  const plan = unwrapped(given);
  const { attempts, timeout, stop, wait, budget, fallback } = plan;
  const { clock } = plan.options;
  const sleep = clock ? (duration: Milliseconds) => void clock.sleep(duration) : block;
  let skipped = 0;
  let ok = false;
  const elapsed = () => plan.now() - began + skipped;
  const name = given.name ?? ownName;
  let attemptNumber = 0;
  let idle = 0;
  let previousDelay = 0;
  let last: Outcome<unknown> | undefined;
  const statistics = (): Statistics => ({ name, attempts: attemptNumber, elapsed: elapsed(), idle, ok });
  try {
    for (;;) {
      const state = {
        name,
        args,
        attemptNumber: ++attemptNumber,
        outcome: last,
        idle,
        upcomingDelay: 0,
        previousDelay,
        random: given.random,
        get elapsed() {
          return elapsed();
        },
        get signal() {
          return new AbortController().signal;
        },
      };
      plan.before?.(state);
      const outcome = (last = state.outcome = first ?? outcomeOf(work));
      first = undefined;
      const again = asksAgain(outcome) || refusePromise(plan.retryIf(state), 'retryIf');
      if (outcome.ok && !again) {
        ok = true;
        budget?.put();
        return outcome.value;
      }
      plan.after?.(state);
      if (!again) throw (outcome as { error: unknown }).error;
      let late = elapsed() >= timeout!;
      if (!late && attemptNumber < attempts) {
        const delay = (state.upcomingDelay = delayOf(wait, state));
        const stopped = stop?.(state);
        late = !stopped && elapsed() + delay >= timeout!;
        if (!stopped && !late && (!budget || budget.take())) {
          plan.beforeSleep?.(state);
          if (testSwitch()?.skip) skipped += delay;
          else sleep(delay);
          idle += previousDelay = delay;
          continue;
        }
        state.upcomingDelay = 0;
      }
      if (late) {
        const error = new RetryTimeout(`${name}: exceeded timeout, ${timeout} ms`, causeOf(outcome));
        state.outcome = { ok: false, error };
      }
      if (fallback) return fallback(state);
      if (!late && (outcome.ok || plan.wrapError)) throw new RetryError(statistics(), outcome);
      throw (state.outcome as { error: unknown }).error;
    }
  } finally {
    plan.onSettled?.(statistics());
  }
}

function outcomeOf(work: () => unknown): Outcome<unknown> {
  let value: unknown;
  try {
    value = work();
  } catch (error) {
    return { ok: false, error };
  }
  return { ok: true, value: refusePromise(value) };
}

function refusePromise(value: unknown, who = 'the function'): unknown {
  if (typeof value === 'object' && typeof (value as Partial<Promise<unknown>> | null)?.then === 'function') {
    throw new TypeError(`retrySync: ${who} returned a promise; use retry, which awaits it`);
  }
  return value;
}

/** Blocks the thread. */
function block(duration: Milliseconds): void {
  if (duration > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, duration);
}
