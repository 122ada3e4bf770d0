import { HookError } from '@whetstone/hooks';

/** The HookError that a function, or a promise, fails with. */
export function errorOf(run: () => unknown): HookError {
  try {
    run();
  } catch (error) {
    if (error instanceof HookError) return error;
    throw error;
  }
  throw new Error('It did not throw.');
}
