/** An asynchronous function that throws `n` times, then returns 'done'; it counts its calls. */
export function failing(
  n: number,
  error: (call: number) => unknown = (call) => new Error(`failure ${call}`),
) {
  const fn = async (..._unused: unknown[]): Promise<string> => {
    fn.calls++;
    if (fn.calls <= n) throw error(fn.calls);
    return 'done';
  };
  fn.calls = 0;
  return fn;
}

/** What a promise is rejected with; fails the test if it is not. */
export async function errorOf(promise: PromiseLike<unknown>): Promise<any> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('not rejected');
}
