import type { Category } from './profile.ts';

/** Where installations keep the standard library, whatever system or tool made them. */
const standardLibrary =
  /^<(?:frozen |builtin>)|[\\/]lib(?:64)?[\\/](?:python|pypy)\d+(?:\.\d+)?t?[\\/]|[\\/]lib-python[\\/]|[\\/]lib_pypy[\\/]|[\\/]Python\d+[\\/]Lib[\\/]/i;

/**
 * Whose code a file of Python is: what pip installed is a dependency, the standard library the runtime's, and
 * what has no file was written in C.
 *
 * @param file as code objects have it: absolute, `<string>`, `<frozen importlib._bootstrap>`, or empty
 */
export function pythonCategory(file: string): Category {
  if (file === '') return 'native';
  if (/[\\/](?:site|dist)-packages[\\/]/.test(file)) return 'dependency';
  return standardLibrary.test(file) ? 'runtime' : 'own';
}
