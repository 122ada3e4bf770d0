import { pythonFunctionName } from './python-stacks.ts';
import type { RawPython } from './raw-python.ts';

/**
 * The function that each thread was started with, by its row in {@link RawPython.threads}: what `Thread.run`
 * calls. Threads without one, and those of the standard library's own functions, are left out.
 */
export function threadTargets({ samples, stacks, codes, strings }: RawPython): ReadonlyMap<number, string> {
  const targets = new Map<number, string>();
  const names = new Map<number, string>();
  for (let row = 0; row < samples.stack.length; row++) {
    const [thread, stack] = [samples.thread[row] as number, samples.stack[row] as number];
    if (stack < 0 || targets.has(thread)) continue;
    let name = names.get(stack);
    if (name === undefined) names.set(stack, (name = targetIn(stack)));
    if (name !== '') targets.set(thread, name);
  }
  return targets;

  function targetIn(stack: number): string {
    let target = '';
    for (let row = stack, below = -1; row >= 0; below = row, row = stacks.parent[row] as number) {
      const code = stacks.code[row] as number;
      const isRun =
        strings[codes.qualname[code] as number] === 'Thread.run' &&
        /(?:^|[\\/])threading\.py$/.test(strings[codes.file[code] as number] ?? '');
      if (!isRun) continue;
      const called = below < 0 ? 0 : (codes.qualname[stacks.code[below] as number] as number);
      // The outermost one is the thread's; what is private says nothing to who reads it.
      target = pythonFunctionName(strings[called] ?? '');
    }
    return target.startsWith('_') ? '' : target;
  }
}
