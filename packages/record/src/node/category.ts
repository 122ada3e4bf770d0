import type { Category } from '@whetstone/profile';

/** What V8 puts where no function was running, and what we add to it, by name. */
const states: ReadonlyMap<string, Category> = new Map([
  ['(idle)', 'idle'],
  ['(waiting)', 'waiting'],
  ['(program)', 'native'],
  ['(garbage collector)', 'collector'],
  ['(root)', 'runtime'],
  ['(measuring)', 'runtime'],
  ['(start-up)', 'runtime'],
  ['(exit)', 'runtime'],
  ['(not sampled)', 'native'],
]);

/**
 * Whose code a function is.
 *
 * @param file where the user wrote it, `node:fs`, or empty for what has no source
 * @param line from 1, 0 where there is none
 */
export function categoryOf(name: string, file: string, line = 0): Category {
  // `eval` makes code that has lines, but no file.
  if (file === '') return states.get(name) ?? (line > 0 ? 'own' : 'native');
  if (file.startsWith('node:') || file.startsWith('internal/')) return 'runtime';
  return /[\\/]node_modules[\\/]/.test(file) ? 'dependency' : 'own';
}
