import { milliseconds, type Milliseconds } from './duration.ts';
import { refuse } from './refuse.ts';
import type { Bucket } from './retry-budget.ts';
import type { Maybe, RetryIf, RetryOptions, RetryState, Statistics, Stop, Wait } from './retry-options.ts';
import { testSwitch } from './test-switch.ts';
import { clockTimer, systemTimer, type Timer } from './timer.ts';
import { waitOf } from './wait-of.ts';

/** A condition that holds for errors alone: what succeeds need not ask it. */
export type OnError = Stop & { readonly error?: true };

/** Options of any function, as the machinery sees them. */
export type AnyOptions = RetryOptions<any, unknown>;

/** Options that were checked once, so that no call has to: defaults filled in, times in milliseconds. */
export interface Plan {
  readonly options: AnyOptions;
  readonly name: string | undefined;
  readonly attempts: number;
  readonly timeout: Milliseconds | undefined;
  readonly attemptTimeout: Milliseconds | undefined;
  readonly signal: AbortSignal | undefined;
  readonly stop: Stop<any> | undefined;
  readonly wait: Wait<any>;
  readonly retryIf: RetryIf<any>;
  readonly before: ((state: RetryState<any>) => Maybe<void>) | undefined;
  readonly after: ((state: RetryState<any>) => Maybe<void>) | undefined;
  readonly beforeSleep: ((state: RetryState<any>) => Maybe<void>) | undefined;
  readonly onSettled: ((statistics: Statistics) => Maybe<void>) | undefined;
  readonly fallback: ((state: RetryState<any>) => Maybe<unknown>) | undefined;
  readonly wrapError: boolean | undefined;
  readonly enabled: boolean | undefined;
  readonly budget: Bucket | undefined;
  readonly now: () => Milliseconds;
  readonly timer: Timer;
  readonly random: () => number;
  /** Whether a first attempt that succeeds needs nothing but to be called. */
  readonly plain: boolean;
}

/** What may be set: by the type of the value, or of a member that it must have. */
type Rules = Readonly<Record<string, readonly string[]>>;

const RULES: Rules = {
  function: [
    'stop',
    'retryIf',
    'before',
    'after',
    'beforeSleep',
    'onSettled',
    'fallback',
    'random',
    'signal.addEventListener',
    'budget.take',
    'clock.sleep',
  ],
  boolean: ['wrapError', 'enabled', 'unref'],
  number: ['attempts'],
  string: ['name'],
  // Durations have a check of their own: any type's name includes this one.
  '': ['timeout', 'attemptTimeout', 'wait'],
};

/**
 * Checks options and fills in the defaults.
 *
 * @throws `TypeError` or `RangeError`, which names the option, its value and what is allowed
 */
export function planOf(options: AnyOptions): Plan {
  checkOptions(options, RULES);
  const { attempts = 10, wait = waitDefault, retryIf = retryErrors, stop, clock, unref } = options;
  const timeout = limit('timeout', options.timeout);
  const attemptTimeout = limit('attemptTimeout', options.attemptTimeout);
  if (!(attempts === Math.ceil(attempts) && attempts > 0)) {
    refuse('attempts', attempts, '1 and up');
  }
  if (attemptTimeout! > timeout!) refuse('attemptTimeout', attemptTimeout, 'up to timeout');
  if (options.wrapError && options.fallback) refuse('wrapError', true, 'false with fallback');
  return {
    random: Math.random,
    ...options,
    options,
    attempts,
    timeout,
    attemptTimeout,
    stop: stop ?? (timeout || attempts === Infinity ? undefined : stopDefault),
    wait: waitOf('wait', wait),
    retryIf,
    now: clock ? () => clock.now() : () => performance.now(),
    timer: clock ? clockTimer(clock) : systemTimer(unref),
    plain: !(
      timeout ||
      attemptTimeout ||
      (options.retryIf && !(retryIf as OnError).error) ||
      options.signal ||
      options.before ||
      options.onSettled ||
      options.budget
    ),
  } as Plan;
}

/**
 * Refuses a value of a wrong type, and a name that is unknown: a typo would silently mean the default.
 *
 * @throws `TypeError` or `RangeError`
 */
export function checkOptions(options: object, rules: Rules): void {
  if (typeof options !== 'object' || !options) refuse('options', options, 'object');
  const known: unknown[] = [];
  for (const [type, paths] of Object.entries(rules)) {
    for (const path of paths) {
      const [name, member] = path.split('.');
      const value = (options as Record<string, any>)[name!];
      known.push(name);
      const judged = member ? value?.[member] : value;
      if (value !== undefined && !(typeof judged).includes(type)) {
        refuse(name!, value, member ? `with ${member}` : type);
      }
    }
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) refuse('option', name, known.join());
  }
}

/** The plan for a call: if retries are switched off, one attempt and nothing else. */
export function unwrapped(plan: Plan): Plan {
  if (plan.enabled !== false && !testSwitch()?.disabled) return plan;
  return planOf({ attempts: 1, clock: plan.options.clock } as AnyOptions);
}

/** `stopBeforeDelay('45s')`, without what it checks. */
function stopDefault({ elapsed, upcomingDelay }: RetryState): boolean {
  return elapsed + upcomingDelay >= 45_000;
}

/** `waitExponential()`, without what only its options need. */
function waitDefault({ attemptNumber, random }: RetryState): Milliseconds {
  return random() * Math.min(5000, 50 * 2 ** attemptNumber);
}

/** The default `retryIf`: an abort is somebody's wish, any other error may pass. */
export function retryErrors({ outcome }: RetryState): boolean {
  return !outcome!.ok && (outcome!.error as Partial<Error> | undefined)?.name !== 'AbortError';
}

function limit(name: string, value: AnyOptions['timeout']): Milliseconds | undefined {
  return value === undefined ? value : milliseconds(name, value) || refuse(name, value, 'above 0');
}
