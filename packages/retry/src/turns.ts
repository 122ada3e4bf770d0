import type { Milliseconds } from './duration.ts';
import { asksAgain, AttemptTimeout, causeOf, RetryError, RetryTimeout } from './errors.ts';
import { type Plan, unwrapped } from './plan.ts';
import type { Attempt } from './retried.ts';
import type { Maybe, Outcome, RetryState, Statistics } from './retry-options.ts';
import { testSwitch } from './test-switch.ts';
import { delayOf } from './wait-of.ts';

/** What the ways in, but nobody else, may do with an attempt. */
interface Hold {
  /** Says how the attempt ended, and whether to make another; if `undefined`, `retryIf` decides. */
  readonly settle: (outcome: Outcome<unknown>, again?: boolean) => void;
  /**
   * Does a part of the attempt, as long as `attemptTimeout` allows; rejects as soon as a signal or a
   * time limit cuts it short.
   */
  readonly race: <V>(work: () => Maybe<V>) => Promise<V>;
  /** Lets the time that `stop` looks at begin anew. */
  readonly restart: () => void;
}

/**
 * An attempt, and the state that strategies and callbacks see, in one.
 *
 * A class, for an object literal with accessors costs more than all the rest of an attempt.
 */
export class Turn implements Attempt, RetryState<any>, Hold {
  declare readonly name: string;
  declare readonly args: readonly unknown[];
  declare readonly attemptNumber: number;
  declare readonly number: number;
  declare outcome: Outcome<any> | undefined;
  declare readonly idle: Milliseconds;
  declare upcomingDelay: Milliseconds;
  declare readonly previousDelay: Milliseconds;
  declare readonly random: () => number;
  declare readonly settle: Hold['settle'];
  declare readonly race: Hold['race'];
  declare readonly restart: Hold['restart'];
  readonly #elapsed: () => Milliseconds;
  // Made when first asked for: it costs more than all the rest of a call.
  #controller: AbortController | undefined;

  constructor(
    fields: Omit<RetryState<any>, 'elapsed' | 'signal'> & Hold & Pick<Attempt, 'number'>,
    elapsed: () => Milliseconds,
  ) {
    Object.assign(this, fields);
    this.#elapsed = elapsed;
  }

  get elapsed(): Milliseconds {
    return this.#elapsed();
  }

  get signal(): AbortSignal {
    return (this.#controller ??= new AbortController()).signal;
  }

  abort(reason: unknown): void {
    (this.#controller ??= new AbortController()).abort(reason);
  }

  get state(): RetryState {
    return this;
  }

  failed(error: unknown): void {
    this.settle({ ok: false, error });
  }

  rejected(value: unknown): void {
    this.settle({ ok: true, value }, true);
  }
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
  let disarm: (() => void) | undefined;
  let release: (() => void) | undefined;
  let outcome: Outcome<unknown> | undefined;
  let again: boolean | undefined = true;

  // Sleeps that a test run skips count as slept: whatever stops a call then stops it there, too.
  const elapsed = () => plan.now() - began + skipped;
  const name = given.name ?? ownName;
  let turn: Turn | undefined;
  const statistics = (): Statistics => ({
    name,
    attempts: attemptNumber,
    elapsed: elapsed(),
    idle,
    ok: again === false && !!outcome?.ok,
  });

  const check = () => {
    if (interruption && isWrapped) throw interruption.reason;
  };
  const cut = (reason: unknown) => {
    turn?.abort(reason);
    if (isWrapped) reject?.(reason);
  };
  const interrupt = (reason: unknown) => {
    interruption ??= { reason };
    cut(reason);
  };
  const abort = () => interrupt(signals.find((signal) => signal.aborted)!.reason);
  const timeOut = () => {
    overdue = new RetryTimeout(`${name}: exceeded timeout, ${timeout} ms`, causeOf(turn?.outcome));
    interrupt(overdue);
  };
  // Awaits a step, and ends at once when the call, or the attempt that it is, is cut short.
  const step = <V>(work: () => Maybe<V>): Maybe<V> =>
    attemptTimeout || timeout || signals[0]
      ? new Promise<V>((resolve, fail) => {
          check();
          reject = fail;
          // A settled promise ignores what comes late, be it a value or an error.
          (async () => work())().then(resolve, fail);
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

  const race: Turn['race'] = async (work) => {
    arm();
    try {
      return await step(work);
    } finally {
      disarm?.();
    }
  };
  const restart = () => {
    windowBegan = elapsed();
  };

  try {
    for (const signal of signals) {
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort);
    }
    if (timeout) release = timer(timeout, timeOut, interrupt);
    for (;;) {
      check();
      const current = (turn = new Turn(
        {
          name,
          args,
          attemptNumber: ++attemptNumber,
          number: attemptNumber,
          outcome: turn?.outcome,
          idle,
          upcomingDelay: 0,
          previousDelay: delay,
          random: given.random,
          settle,
          race,
          restart,
        },
        () => elapsed() - windowBegan,
      ));
      if (interruption) cut(interruption.reason);
      if (before) await step(() => before(current));
      settle({ ok: true, value: undefined }, false);
      arm();
      yield current;
      disarm?.();
      const ended = (current.outcome = outcome!);
      again = asksAgain(ended) || (again ?? !!(await step(() => plan.retryIf(current))));
      if (ended.ok && !again) return ended.value;
      if (after) await step(() => after(current));
      if (again) {
        if (attemptNumber < plan.attempts) {
          delay = current.upcomingDelay = delayOf(plan.wait, current);
          const stopped = plan.stop?.(current);
          if (!stopped && elapsed() + delay >= timeout!) timeOut();
          check();
          if (!stopped && (!budget || budget.take())) {
            if (beforeSleep) await step(() => beforeSleep(current));
            const skip = testSwitch()?.skip;
            await step(
              skip ??
                (() =>
                  new Promise<void>((resolve, fail) => {
                    disarm = timer(delay, resolve, fail);
                  })),
            );
            if (skip) skipped += delay;
            idle += delay;
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
    turn!.outcome = { ok: false, error };
    return await fallback(turn!);
  } finally {
    disarm?.();
    release?.();
    for (const signal of signals) signal.removeEventListener('abort', abort);
    const settled = statistics();
    if (settled.ok) budget?.put();
    await plan.onSettled?.(settled);
  }
}

/** Makes attempts until there is a result. */
export async function complete(
  attempts: AsyncGenerator<Turn, any, void>,
  work: (turn: Turn) => unknown,
): Promise<any> {
  for (;;) {
    const { done, value: turn } = await attempts.next();
    if (done) return turn;
    try {
      turn.settle({ ok: true, value: await turn.race(() => work(turn)) });
    } catch (error) {
      turn.failed(error);
    }
  }
}
