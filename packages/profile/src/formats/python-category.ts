import type { Category } from '../profile.ts';

/**
 * Whose code a Python file is, by its path: what `pip` installed is a dependency, the standard library and
 * what is frozen into the interpreter the runtime, no file a function written in C.
 */
export function pythonCategory(file: string): Category {
  if (file === '' || file === '~') return 'native';
  if (/[\\/](?:site|dist)-packages[\\/]/.test(file)) return 'dependency';
  if (file.startsWith('<frozen ') || file.startsWith('<builtin>')) return 'runtime';
  return /[\\/](?:lib|lib64|Lib)[\\/](?:python|pypy)[\d.]*[\\/]|[\\/]Python\d+[\\/]Lib[\\/]|[\\/]lib[_-]pypy[\\/]/.test(
    file,
  )
    ? 'runtime'
    : 'own';
}
