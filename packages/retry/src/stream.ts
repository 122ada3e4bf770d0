import type { Plan } from './plan.ts';
import type { Resume } from './retried.ts';
import { turns } from './turns.ts';

/** Wraps an async generator: after an error it is started again, told how far the last one came. */
export function stream<A extends unknown[], Y>(
  plan: Plan,
  fn: (resume: Resume<Y>, ...args: A) => AsyncIterable<Y>,
): (...args: A) => AsyncGenerator<Y> {
  return async function* (this: unknown, ...args) {
    let count = 0;
    let last: Y | undefined;
    for await (const turn of turns(plan, fn.name, args)) {
      const resume: Resume<Y> = { count, last, signal: turn.signal };
      let source: AsyncIterator<Y> | undefined;
      let isWaiting = true;
      try {
        for (;;) {
          const item = await turn.race(() => {
            source ??= fn.call(this, resume, ...args)[Symbol.asyncIterator]();
            return source.next();
          });
          if (item.done) {
            source = undefined;
            break;
          }
          count++;
          isWaiting = false;
          yield (last = item.value);
          isWaiting = true;
        }
      } catch (error) {
        if (count > resume.count) turn.restart();
        turn.failed(error);
      } finally {
        // The consumer left, and its leaving waits for the source to tidy up. One that failed or
        // hangs is not waited for: nobody is left to hear of its errors.
        const closed = source?.return?.();
        if (isWaiting) closed?.catch(() => {});
        else await closed;
      }
    }
  };
}
