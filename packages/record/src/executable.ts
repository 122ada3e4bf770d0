import { accessSync, closeSync, constants, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';

/** Whether this user may run a file; folders do not count. */
export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The first file of the PATH with this name that can be run, or `null`. */
export function onPath(
  name: string,
  workingDirectory: string,
  environment: NodeJS.ProcessEnv,
): string | null {
  return (
    (environment['PATH'] ?? '')
      .split(path.delimiter)
      .map((folder) => path.resolve(workingDirectory, folder, name))
      .find(isExecutable) ?? null
  );
}

/** What the first line of a script names: an interpreter by its path, or by its name behind `env`. */
export interface Interpreter {
  readonly name: string;
  readonly options: readonly string[];
}

/** The interpreter of a script's first line, with its options; `null` where there is none. */
export function interpreterOf(file: string): Interpreter | null {
  const words = firstLineOf(file).replace(/^#!/, '').trim().split(/\s+/);
  if (path.basename(words[0] ?? '') === 'env') {
    words.shift();
    if (words[0] === '-S') words.shift();
  }
  const [name = '', ...options] = words;
  return name === '' ? null : { name, options };
}

/** The line `#!…` of a script, without its end; empty where there is none. */
function firstLineOf(file: string): string {
  // Linux reads no more of it.
  const head = Buffer.alloc(256);
  try {
    const descriptor = openSync(file, 'r');
    try {
      const length = readSync(descriptor, head);
      const [line = ''] = head.toString('utf8', 0, length).split('\n');
      return line.startsWith('#!') ? line : '';
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return '';
  }
}
