import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PackError } from './pack-error.ts';

/** What stands in pack.json. */
export interface PackSettings {
  /** Default: the name in package.json or pyproject.toml, else the folder's. */
  readonly name?: string;
  /** Default: the version there, else 0.0.0. */
  readonly version?: string;
  /** The file that starts, from the folder of pack.json: `src/main.ts`, `app.py`. Without it the pack is a bundle. */
  readonly entry?: string;
  /** Files and folders of the project that go in. Default: the entry's folder. */
  readonly files: readonly string[];
  /** Paths in the project that stay out. */
  readonly leaveOut: readonly string[];
  /** Paths in the project that go in though they would stay out, such as a key that is meant to. */
  readonly keep: readonly string[];
  /** Of a Python program: the folder of a virtual environment, or of `pip install --target`. */
  readonly environment?: string;
}

const lists = ['files', 'leaveOut', 'keep'] as const;
const texts = ['name', 'version', 'entry', 'environment'] as const;

/**
 * Reads a folder's pack.json.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG` where it is missing or not as {@link PackSettings} says
 */
export function readSettings(folder: string): PackSettings {
  const file = path.join(folder, 'pack.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw wrong(`There is no pack.json in ${folder}: whetstone pack init writes one.`, cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw wrong(`${file} is not JSON: ${(cause as Error).message}`, cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong(`${file} must hold an object: { "entry": … }.`);
  const given = value as Record<string, unknown>;
  for (const name of Object.keys(given))
    if (![...lists, ...texts].includes(name as 'name'))
      throw wrong(`${file} has '${name}', which is none of ${[...texts, ...lists].join(', ')}.`);
  for (const name of texts)
    if (given[name] !== undefined && (typeof given[name] !== 'string' || given[name] === ''))
      throw wrong(`"${name}" in ${file} must be a text.`);
  for (const name of lists) {
    const list = given[name] ?? [];
    if (!Array.isArray(list) || !list.every((one) => typeof one === 'string' && isInside(one)))
      throw wrong(`"${name}" in ${file} must be a list of paths inside the project.`);
  }
  if (given['entry'] !== undefined && !isInside(given['entry'] as string))
    throw wrong(`"entry" in ${file} must be a path inside the project.`);
  return { files: [], leaveOut: [], keep: [], ...given };
}

function isInside(file: string): boolean {
  const normal = path.posix.normalize(file);
  return !path.posix.isAbsolute(normal) && normal !== '..' && !normal.startsWith('../');
}

function wrong(message: string, cause?: unknown): PackError {
  return new PackError('PACK_PROJECT_WRONG', message, { cause });
}
