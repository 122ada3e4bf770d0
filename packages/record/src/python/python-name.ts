import path from 'node:path';

const pythonName = /^(?:python|pypy)[\d.]*[td]?(?:\.exe)?$/;

/** Whether a file is called like an interpreter: `python3`, `python3.13t`, `pypy3.10`. */
export function isPythonName(file: string): boolean {
  return pythonName.test(path.basename(file));
}
