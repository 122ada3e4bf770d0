import { HookError } from './hook-error.ts';
import type { Implementation } from './implementation.ts';
import { isThenable, refuseAsync } from './run-hook.ts';

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Runs wrappers round a synchronous call, the first of them outermost. */
export function wrapSync(wrappers: readonly Implementation[], args: any, inner: () => unknown): unknown {
  const open: { wrapper: Implementation; generator: Generator }[] = [];
  let outcome: Outcome;
  try {
    for (const wrapper of wrappers) {
      const generator = wrapper.call(args, wrapper.context) as Generator;
      if (!isGenerator(generator)) throw notAGenerator(wrapper);
      const first: unknown = generator.next();
      // An async generator answers with a promise.
      if (isThenable(first)) {
        void generator.return(undefined);
        refuseAsync(wrapper, first);
      }
      if ((first as IteratorResult<unknown>).done) throw noYield(wrapper);
      open.push({ wrapper, generator });
    }
    outcome = { value: inner() };
  } catch (error) {
    outcome = { error };
  }
  for (const { wrapper, generator } of open.toReversed()) {
    try {
      const last = 'error' in outcome ? generator.throw(outcome.error) : generator.next(outcome.value);
      if (!last.done) {
        generator.return(undefined);
        throw secondYield(wrapper, outcome);
      }
      if (isThenable(last.value)) refuseAsync(wrapper, last.value);
      outcome = { value: last.value };
    } catch (error) {
      outcome = { error };
    }
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** The same round an asynchronous call; wrappers may be generators or async generators. */
export async function wrapAsync(
  wrappers: readonly Implementation[],
  args: any,
  inner: () => Promise<unknown>,
): Promise<unknown> {
  const open: { wrapper: Implementation; generator: Generator | AsyncGenerator }[] = [];
  let outcome: Outcome;
  try {
    for (const wrapper of wrappers) {
      const generator = wrapper.call(args, wrapper.context) as Generator | AsyncGenerator;
      if (!isGenerator(generator)) throw notAGenerator(wrapper);
      const first = generator.next();
      if ((isThenable(first) ? await first : first).done) throw noYield(wrapper);
      open.push({ wrapper, generator });
    }
    outcome = { value: await inner() };
  } catch (error) {
    outcome = { error };
  }
  for (const { wrapper, generator } of open.toReversed()) {
    try {
      const end = 'error' in outcome ? generator.throw(outcome.error) : generator.next(outcome.value);
      const last = isThenable(end) ? await end : end;
      if (!last.done) {
        await generator.return(undefined);
        throw secondYield(wrapper, outcome);
      }
      const value: unknown = last.value;
      outcome = { value: isThenable(value) ? await value : value };
    } catch (error) {
      outcome = { error };
    }
  }
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

function isGenerator(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { next?: unknown }).next === 'function'
  );
}

function notAGenerator({ plugin, context: { hook } }: Implementation): HookError {
  return new HookError(
    'INVALID_PLUGIN',
    `Plugin '${plugin}': the wrapper of hook '${hook}' is not a generator: write 'function*'.`,
    { plugin, hook },
  );
}

function noYield({ plugin, context: { hook } }: Implementation): HookError {
  return new HookError(
    'WRAPPER_YIELDS',
    `Plugin '${plugin}': the wrapper of hook '${hook}' did not yield. It must yield once, where the others run.`,
    { plugin, hook },
  );
}

function secondYield({ plugin, context: { hook } }: Implementation, outcome: Outcome): HookError {
  return new HookError(
    'WRAPPER_YIELDS',
    `Plugin '${plugin}': the wrapper of hook '${hook}' yielded twice. It must yield once, where the others run.`,
    // The error that it was to see must not be lost by its mistake.
    { plugin, hook, ...('error' in outcome && { cause: outcome.error }) },
  );
}
