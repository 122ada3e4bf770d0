import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What IPython's `%whet` and the command that it starts agree on, in a folder that it names. */
export interface Cells {
  /** Tells that the kernel is being measured from now on. */
  ready(): void;
  /** The text of a cell, by the name that its functions have for a file; `null` for other names. */
  textOf(file: string): string | null;
}

/** `null` where no notebook has started this command. */
export function cellsOf(environment: NodeJS.ProcessEnv): Cells | null {
  const folder = environment['WHETSTONE_CELLS'];
  if (!folder) return null;
  let texts: Readonly<Record<string, unknown>> = {};
  try {
    texts = JSON.parse(readFileSync(path.join(folder, 'sources.json'), 'utf8')) as typeof texts;
  } catch {
    // Lines have their numbers without.
  }
  return {
    ready: () => writeFileSync(path.join(folder, 'ready'), ''),
    textOf(file) {
      const text = Object.hasOwn(texts, file) ? texts[file] : null;
      return typeof text === 'string' ? text : null;
    },
  };
}
