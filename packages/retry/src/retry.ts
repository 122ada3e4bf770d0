import { type AnyOptions, checkOptions, type Plan, planOf } from './plan.ts';
import { refuse } from './refuse.ts';
import type { Policy, Retried, Retry } from './retried.ts';
import { stream } from './stream.ts';
import { complete, turns } from './turns.ts';

type AnyFunction = (this: any, ...args: any[]) => any;

/**
 * Calls a function again when it fails: `retry(fn)`, `retry(fn, options)`, `retry(options)` for a
 * policy, `@retry` and `@retry(options)` for a method.
 *
 * By default: 10 attempts, no sleep that would end later than 45 s after the start, 100 ms → 5 s
 * exponential with full jitter, every error but an `AbortError`.
 *
 * @throws `TypeError` or `RangeError` at once for an option that is unknown or cannot be meant
 */
export const retry: Retry = (first: any, second: any = {}): any =>
  second?.kind
    ? (retry({}) as AnyFunction)(first, second)
    : typeof first === 'function'
      ? functionOf(planOf(second), first)
      : policyOf(planOf(first));

function functionOf(plan: Plan, fn: AnyFunction): Retried<any, any, any, any> {
  const { now, plain } = plan;
  const retried = function (this: unknown, first?: unknown) {
    const began = now();
    // `arguments` costs less than a rest parameter, and `call` less than `apply`.
    const args = arguments;
    const again = (error?: unknown) => {
      let hasFailed = plain;
      return complete(turns(plan, fn.name, [...args], undefined, began), () => {
        if (!hasFailed) return fn.apply(this, args as never);
        hasFailed = false;
        throw error;
      });
    };
    if (!plain) return again();
    // What most calls need, and no more: a clock read and a look at whether it failed.
    try {
      const result = args.length === 1 ? fn.call(this, first) : fn.apply(this, args as never);
      return Promise.resolve(result).then(undefined, again);
    } catch (error) {
      return again(error);
    }
  };
  Object.defineProperties(retried, { name: { value: fn.name }, length: { value: fn.length } });
  return Object.assign(retried, {
    with: (options: AnyOptions) => functionOf(planOf({ ...plan.options, ...options }), fn),
  });
}

function policyOf(plan: Plan): Policy<any, any> {
  const { options } = plan;
  const checkLoop = () => {
    if (options.fallback) refuse('fallback', options.fallback, 'none in loops');
  };
  const policy = (fn: AnyFunction, context?: DecoratorContext) => {
    if (context && context.kind !== 'method') refuse('@retry', context.kind, 'method');
    return functionOf(plan, checkFunction(fn));
  };
  return Object.assign(policy, {
    run: async (fn: AnyFunction, given?: { signal?: AbortSignal }) =>
      complete(turns(plan, checkFunction(fn).name, [], signalOf(given)), ({ state }) => fn(state)),
    attempts(given?: { signal?: AbortSignal }) {
      checkLoop();
      const signal = signalOf(given);
      // A loop that is begun again is another call.
      return { [Symbol.asyncIterator]: () => turns(plan, '', [], signal) };
    },
    stream(fn: (...args: any[]) => AsyncIterable<any>) {
      checkLoop();
      return stream(plan, checkFunction(fn));
    },
    with: (over: AnyOptions) => policyOf(planOf({ ...options, ...over })),
  }) as Policy<any, any>;
}

function signalOf(given: { signal?: AbortSignal } = {}): AbortSignal | undefined {
  checkOptions(given, { function: ['signal.addEventListener'] });
  return given.signal;
}

function checkFunction<F>(fn: F): F {
  return typeof fn === 'function' ? fn : refuse('fn', fn, 'function');
}
