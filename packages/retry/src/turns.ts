import { asksAgain, AttemptTimeout, causeOf, RetryError, RetryTimeout } from './errors.ts';
import { type Plan, unwrapped } from './plan.ts';
import type { Attempt } from './retried.ts';
import type { Maybe, Outcome, RetryState, Statistics } from './retry-options.ts';
import { testSwitch } from './test-switch.ts';
import { delayOf } from './wait-of.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** An {@link Attempt}, with what only the ways in need. */
export interface Turn extends Attempt {
  /** Says how the attempt ended, and whether to make another; if `undefined`, `retryIf` decides. */
  settle(outcome: Outcome<unknown>, again?: boolean): void;
  /**
   * Does a part of the attempt, as long as `attemptTimeout` allows; rejects as soon as a signal or a
   * time limit cuts it short.
   */
  race<V>(work: () => Maybe<V>): Promise<V>;
  /** Lets the time that `stop` looks at begin anew. */
  restart(): void;
}

/**
 * One call, from its first attempt to its end: what all ways in but `retrySync` have in common. Each
 * value is an attempt to make, which has succeeded unless {@link Turn.settle} says otherwise; what it
 * returns is the result, of an attempt or of `fallback`.
 *
 * @throws the last error when there will be no other attempt, or a {@link RetryError} around it
 */
export async function* turns(
  given: Plan,
  ownName: string,
  args: readonly unknown[],
  ownSignal?: AbortSignal | undefined,
  began = given.now(),
): AsyncGenerator<Turn, unknown, void> {
  const plan = unwrapped(given);
  const isWrapped = plan === given;
  const { timeout, attemptTimeout, before, after, beforeSleep, fallback, budget, timer } = plan;
  const signals = [given.signal, ownSignal].filter((signal) => !!signal);
  let skipped = 0;
  let windowBegan = 0;
  let interruption: { readonly reason: unknown } | undefined;
  let overdue: RetryTimeout | undefined;
  let reject: ((reason: unknown) => void) | undefined;
  let attemptNumber = 0;
  let idle = 0;
  let delay = 0;
  let controller = lazyController();
  let disarm: (() => void) | undefined;
  let release: (() => void) | undefined;
  let outcome: Outcome<unknown> | undefined;
  let again: boolean | undefined = true;

  // Sleeps that a test run skips count as slept: whatever stops a call then stops it there, too.
  const elapsed = () => plan.now() - began + skipped;
  const name = given.name ?? ownName;
  let state: Writable<RetryState<any>> | undefined;
  const statistics = (): Statistics => ({
    name,
    attempts: attemptNumber,
    elapsed: elapsed(),
    idle,
    ok: again === false && !!outcome?.ok,
  });

  const check = () => {
    if (interruption) throw interruption.reason;
  };
  const cut = (reason: unknown) => {
    controller().abort(reason);
    if (isWrapped) reject?.(reason);
  };
  const interrupt = (reason: unknown) => {
    if (isWrapped) interruption ??= { reason };
    cut(reason);
  };
  const abort = ({ target }: { target: unknown }) => interrupt((target as AbortSignal).reason);
  const timeOut = () => {
    overdue = new RetryTimeout(`${name}: exceeded timeout, ${timeout} ms`, causeOf(state?.outcome));
    interrupt(overdue);
  };
  // Awaits a step, and ends at once when the call, or the attempt that it is, is cut short.
  const step = <V>(work: () => Maybe<V>): Maybe<V> =>
    attemptTimeout || timeout || signals[0]
      ? new Promise<V>((resolve, fail) => {
          check();
          reject = fail;
          // A settled promise ignores what comes late, be it a value or an error.
          new Promise<V>((done) => done(work())).then(resolve, fail);
        })
      : work();
  const settle: Turn['settle'] = (ended, verdict) => {
    outcome = ended;
    again = verdict;
  };
  const arm = () => {
    disarm?.();
    if (!attemptTimeout) return;
    const message = `${name}: exceeded attemptTimeout, ${attemptTimeout} ms`;
    disarm = timer(attemptTimeout, () => cut(new AttemptTimeout(message)), interrupt);
  };

  try {
    for (const signal of signals) {
      if (signal.aborted) interrupt(signal.reason);
      signal.addEventListener('abort', abort);
    }
    if (timeout) release = timer(timeout, timeOut, interrupt);
    for (;;) {
      check();
      const own = (controller = state ? lazyController() : controller);
      const current = (state = {
        name,
        args,
        attemptNumber: ++attemptNumber,
        outcome: state?.outcome,
        idle,
        upcomingDelay: 0,
        previousDelay: delay,
        random: given.random,
        get elapsed() {
          return elapsed() - windowBegan;
        },
        get signal() {
          return own().signal;
        },
      });
      if (before) await step(() => before(current));
      settle({ ok: true, value: undefined }, false);
      arm();
      yield {
        number: attemptNumber,
        state: current,
        get signal() {
          return own().signal;
        },
        failed: (error) => settle({ ok: false, error }),
        rejected: (value) => settle({ ok: true, value }, true),
        settle,
        async race(work) {
          arm();
          try {
            return await step(work);
          } finally {
            disarm?.();
          }
        },
        restart() {
          windowBegan = elapsed();
        },
      };
      disarm?.();
      const ended = (current.outcome = outcome!);
      if (!ended.ok) check();
      again = asksAgain(ended) || (again ?? !!(await step(() => plan.retryIf(current))));
      if (ended.ok && !again) return ended.value;
      if (after) await step(() => after(current));
      if (again) {
        if (attemptNumber < plan.attempts) {
          const next = (current.upcomingDelay = delayOf(plan.wait, current));
          const stopped = plan.stop?.(current);
          if (!stopped && elapsed() + next >= timeout!) timeOut();
          check();
          if (!stopped && (!budget || budget.take())) {
            if (beforeSleep) await step(() => beforeSleep(current));
            const skip = testSwitch()?.skip;
            await step(
              skip ??
                (() =>
                  new Promise<void>((resolve, fail) => {
                    disarm = timer(next, resolve, fail);
                  })),
            );
            if (skip) skipped += next;
            idle += delay = next;
            continue;
          }
          current.upcomingDelay = 0;
        }
        if (fallback) return await fallback(current);
        if (ended.ok || plan.wrapError) throw new RetryError(statistics(), ended);
      }
      throw (ended as { error: unknown }).error;
    }
  } catch (error) {
    // Of the call's own time limit, not of one around it.
    if (!fallback || error !== overdue) throw error;
    state!.outcome = { ok: false, error };
    return await fallback(state!);
  } finally {
    disarm?.();
    release?.();
    for (const signal of signals) signal.removeEventListener('abort', abort);
    const settled = statistics();
    if (settled.ok) budget?.put();
    await plan.onSettled?.(settled);
  }
}

/**
 * Makes attempts until there is a result.
 *
 * @param first how the first attempt ended, if it has already been made
 */
export async function complete(
  attempts: AsyncGenerator<Turn, any, void>,
  work: (turn: Turn) => unknown,
  first?: Outcome<unknown> | false,
): Promise<any> {
  for (;;) {
    const { done, value: turn } = await attempts.next();
    if (done) return turn;
    if (first) turn.settle(first);
    else {
      try {
        turn.settle({ ok: true, value: await turn.race(() => work(turn)) });
      } catch (error) {
        turn.failed(error);
      }
    }
    first = undefined;
  }
}

/** Made when first asked for: a controller costs more than all the rest of a call. */
function lazyController(): () => AbortController {
  let controller: AbortController | undefined;
  return () => (controller ??= new AbortController());
}
