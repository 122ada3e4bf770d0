import type { Maybe, RetryOptions, RetryState } from './retry-options.ts';

/**
 * A wrapped function: same name, length, `this` and arguments. (TypeScript keeps the last of several
 * overloads, and turns type parameters of a generic function into `unknown`.)
 */
export interface Retried<A extends unknown[], R, This, F = never> {
  (this: This, ...args: A): Promise<Awaited<R> | F>;
  /** The same function with other options over these. */
  with<F2 = F>(options: RetryOptions<Awaited<R>, F2>): Retried<A, R, This, F2>;
}

/** What `@retry` decorates: a method that returns a promise. */
export type AsyncMethod = (this: any, ...args: any[]) => PromiseLike<unknown>;

/** What a stream's function is told when it is started, and started again. */
export interface Resume<Y> {
  /** Items given so far, by all attempts together. */
  readonly count: number;
  /** The latest of them. */
  readonly last: Y | undefined;
  /** Aborts when the caller's signal, `timeout` or `attemptTimeout` does. */
  readonly signal: AbortSignal;
}

/** Options, ready to be applied in any of the ways in. */
export interface Policy<T = unknown, F = never> {
  <A extends unknown[], R extends T, This = unknown>(
    fn: (this: This, ...args: A) => R | PromiseLike<R>,
  ): Retried<A, R, This, F>;
  <M extends AsyncMethod>(method: M, context: ClassMethodDecoratorContext): M;
  /** Runs a function now. */
  run<R extends T>(
    fn: (state: RetryState<R>) => Maybe<R>,
    options?: { signal?: AbortSignal },
  ): Promise<R | F>;
  /**
   * The block form. An attempt that was neither `failed` nor `rejected` has succeeded, and ends the
   * loop. Nothing can interrupt the body: hand `attempt.signal` to what it awaits.
   *
   * @throws the last error, from the loop itself, when all attempts are used up
   * @throws `TypeError` with a `fallback`: a loop has no result
   */
  attempts(options?: { signal?: AbortSignal }): AsyncIterable<Attempt>;
  /**
   * Wraps an async generator: after an error it is started again, told how far the last one came.
   * `attempts` counts every start; the time that `stop` looks at begins anew with a failure after
   * progress.
   *
   * @throws `TypeError` with a `fallback`: a stream has no result
   */
  stream<A extends unknown[], Y>(
    fn: (resume: Resume<Y>, ...args: A) => AsyncIterable<Y>,
  ): (...args: A) => AsyncGenerator<Y>;
  /** The same policy with other options over these. */
  with<T2 = T, F2 = F>(options: RetryOptions<T2, F2>): Policy<T2, F2>;
}

/** One turn of the block form. */
export interface Attempt {
  /** Counts from 1. */
  readonly number: number;
  readonly signal: AbortSignal;
  readonly state: RetryState;
  /** It threw. */
  failed(error: unknown): void;
  /** It returned a value that is not good enough. */
  rejected(value: unknown): void;
}

/** The ways in that begin with {@link retry}. */
export interface Retry {
  /** `retry(fn)` */
  <A extends unknown[], R, This>(fn: (this: This, ...args: A) => R): Retried<A, R, This>;
  /** `@retry` */
  <M extends AsyncMethod>(method: M, context: ClassMethodDecoratorContext): M;
  /** `retry(fn, { attempts: 3 })` */
  <A extends unknown[], R, This, F = never>(
    fn: (this: This, ...args: A) => R,
    options: RetryOptions<Awaited<R>, F>,
  ): Retried<A, R, This, F>;
  /** `retry({ attempts: 3 })`, `@retry({ attempts: 3 })` */
  <T = unknown, F = never>(options: RetryOptions<T, F>): Policy<T, F>;
}
