import { HookError } from './hook-error.ts';
import type { Implementation } from './implementation.ts';

/** What a specification says of a hook. */
export interface Manner {
  readonly hook: string;
  readonly async: boolean;
  readonly firstResult: boolean;
  readonly historic: boolean;
  /** The argument that answers replace. */
  readonly reduce: string | undefined;
  readonly parallel: boolean;
  readonly settle: boolean;
  readonly deprecated: string | undefined;
  readonly deprecatedArgs: Readonly<Record<string, string>> | undefined;
}

/** Calls the implementations of a synchronous hook and combines their answers. */
export function runSync(manner: Manner, implementations: readonly Implementation[], args: any): unknown {
  const { firstResult, reduce, settle } = manner;
  if (firstResult || reduce !== undefined || settle) return runSyncSpecial(manner, implementations, args);
  const answers: unknown[] = [];
  for (let i = 0; i < implementations.length; i++) {
    const implementation = implementations[i]!;
    const answer = implementation.call(args, implementation.context);
    if (answer !== undefined && answer !== null) {
      if (isThenable(answer)) refuseAsync(implementation, answer);
      answers.push(answer);
    }
  }
  return answers;
}

function runSyncSpecial(manner: Manner, implementations: readonly Implementation[], args: any): unknown {
  const { firstResult, reduce, settle } = manner;
  const answers: unknown[] = [];
  const errors: unknown[] = [];
  for (const implementation of implementations) {
    let answer: unknown;
    try {
      answer = implementation.call(args, implementation.context);
      if (isThenable(answer)) refuseAsync(implementation, answer);
    } catch (error) {
      if (!settle) throw error;
      errors.push(error);
      continue;
    }
    if (answer === undefined || answer === null) continue;
    if (firstResult) return answer;
    if (reduce === undefined) answers.push(answer);
    else args = { ...args, [reduce]: answer };
  }
  if (errors.length > 0) throw settled(manner, errors);
  if (firstResult) return undefined;
  return reduce === undefined ? answers : args[reduce];
}

/** The same for a hook whose implementations may be asynchronous: waits only where there is a promise. */
export async function runAsync(
  manner: Manner,
  implementations: readonly Implementation[],
  args: any,
): Promise<unknown> {
  const { firstResult, reduce, parallel, settle } = manner;
  if (parallel) return await runParallel(manner, implementations, args);
  const answers: unknown[] = [];
  const errors: unknown[] = [];
  for (let i = 0; i < implementations.length; i++) {
    const implementation = implementations[i]!;
    let answer: unknown;
    try {
      answer = implementation.call(args, implementation.context);
      if (isThenable(answer)) answer = await answer;
    } catch (error) {
      if (!settle) throw error;
      errors.push(error);
      continue;
    }
    if (answer === undefined || answer === null) continue;
    if (firstResult) return answer;
    if (reduce === undefined) answers.push(answer);
    else args = { ...args, [reduce]: answer };
  }
  if (errors.length > 0) throw settled(manner, errors);
  if (firstResult) return undefined;
  return reduce === undefined ? answers : args[reduce];
}

async function runParallel(
  manner: Manner,
  implementations: readonly Implementation[],
  args: any,
): Promise<unknown[]> {
  // One that throws before its first promise must not keep the others from running.
  const running = implementations.map((one) => {
    try {
      return one.call(args, one.context);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  });
  if (!running.some(isThenable)) return running.filter(isAnswer);
  if (!manner.settle) return (await Promise.all(running)).filter(isAnswer);
  const outcomes = await Promise.allSettled(running);
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
  );
  if (errors.length > 0) throw settled(manner, errors);
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<unknown>).value).filter(isAnswer);
}

function isAnswer(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** True for promises, and for what behaves like one. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** The error for a promise where none may be; the promise's own failure must not surface a second time. */
export function refuseAsync({ plugin, context }: Implementation, promise: PromiseLike<unknown>): never {
  Promise.resolve(promise).catch(() => {});
  throw new HookError(
    'ASYNC_IN_SYNC_HOOK',
    `Plugin '${plugin}' answered hook '${context.hook}' with a promise, and the hook is synchronous. Specify it with 'async: true', or answer with a value.`,
    { plugin, hook: context.hook },
  );
}

function settled({ hook }: Manner, errors: readonly unknown[]): AggregateError {
  const of = errors.length === 1 ? '1 implementation' : `${errors.length} implementations`;
  return new AggregateError(errors, `${of} of hook '${hook}' failed.`);
}
