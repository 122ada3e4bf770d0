import type { Category } from '@whetstone/profile';

/** Where installations keep the standard library, whatever system or tool made them. */
const standardLibrary =
  /^<frozen |[\\/]lib(?:64)?[\\/](?:python|pypy)\d+(?:\.\d+)?t?[\\/]|[\\/]lib-python[\\/]|[\\/]lib_pypy[\\/]|[\\/]Python\d+[\\/]Lib[\\/]/i;

/**
 * Whose code a file of Python is: what pip installed is a dependency, the standard library the runtime's.
 *
 * @param file absolute, `<string>`, or `<frozen importlib._bootstrap>`
 */
export function pythonCategory(file: string): Category {
  if (/[\\/](?:site|dist)-packages[\\/]/.test(file)) return 'dependency';
  return standardLibrary.test(file) ? 'runtime' : 'own';
}
