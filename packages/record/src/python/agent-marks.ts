import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Microseconds } from '@whetstone/profile';
import type { Target } from '../recording.ts';
import { agentFiles } from './agent-files.ts';

/** A stretch that a program marked itself, or a function that it marked. */
export interface PythonMark {
  readonly process: number;
  readonly tid: number;
  readonly kind: 'region' | 'function';
  /** Of a region, or the qualified name of a function. */
  readonly name: string;
  /** Monotonic; of a function, when it was marked. */
  readonly start: Microseconds;
  readonly duration: Microseconds;
}

/** The folder that holds the package `whetstone`: beside the built code, or in the repository. */
const packageFolder = [
  fileURLToPath(new URL('../python-package', import.meta.url)),
  fileURLToPath(new URL('../../../../python', import.meta.url)),
].find((folder) => existsSync(path.join(folder, 'whetstone', '__init__.py')));

/**
 * The environment for a program that imports our package: with it, and with a folder for marks. Any other
 * program's environment is given back as it is.
 *
 * @param folder a private folder that outlives the program
 */
export function pythonMarksEnvironment(
  folder: string,
  environment: NodeJS.ProcessEnv,
  target: Target,
  workingDirectory: string,
): NodeJS.ProcessEnv {
  const found = pythonPackageEnvironment(environment, target, workingDirectory);
  return found === environment ? environment : { ...found, WHETSTONE_MARKS: folder };
}

/** The same without marks: the package does nothing then. */
export function pythonPackageEnvironment(
  environment: NodeJS.ProcessEnv,
  target: Target,
  workingDirectory: string,
): NodeJS.ProcessEnv {
  if (packageFolder === undefined || !importsWhetstone(target, workingDirectory)) return environment;
  const own = environment['PYTHONPATH'];
  return { ...environment, PYTHONPATH: own ? `${own}${path.delimiter}${packageFolder}` : packageFolder };
}

/** What the processes of a program marked, in the order of each. */
export function readPythonMarks(folder: string): PythonMark[] {
  return agentFiles(folder, 'marks').flatMap(({ file, records }) => {
    const process = Number(/-(\d+)-\d+$/.exec(file)?.[1]);
    return (records as readonly MarkRecord[]).map((record): PythonMark => {
      if (record[0] === 'region') {
        const [kind, tid, name, start, duration] = record;
        return { process, tid, kind, name, start, duration };
      }
      const [kind, tid, , qualname, , , start] = record;
      return { process, tid, kind, name: qualname, start, duration: 0 };
    });
  });
}

type MarkRecord =
  | ['region', tid: number, name: string, start: number, duration: number]
  | ['function', tid: number, name: string, qualname: string, file: string, line: number, start: number];

const importing = /(?:^|[;:])[ \t]*(?:from[ \t]+|import[ \t]+(?:[\w., \t]*,[ \t]*)?)whetstone\b/m;

/** Files that are searched for the import, and their size together, in bytes: a large tree must not hold up a run. */
const MOST_FILES = 1000;
const MOST_BYTES = 16_000_000;

/**
 * Whether a Python program imports our package: its file, or the files beside and below it; of modules and
 * commands those of the working directory.
 */
function importsWhetstone(target: Target, workingDirectory: string): boolean {
  if (target.kind === 'node') return false;
  if (target.args.some((argument) => importing.test(argument))) return true;
  const isSource = target.entry !== null && /\.pyw?$/.test(target.entry);
  const left = { files: MOST_FILES, bytes: MOST_BYTES };
  if (target.entry !== null && imports(target.entry, left)) return true;
  return anyImports(isSource ? path.dirname(target.entry as string) : workingDirectory, left);
}

interface Budget {
  files: number;
  bytes: number;
}

function anyImports(folder: string, left: Budget): boolean {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return false;
  }
  // What an environment or a tool keeps there is not the program's own.
  if (entries.some(({ name }) => name === 'pyvenv.cfg')) return false;
  const files = entries.filter((entry) => entry.isFile() && /\.pyw?$/.test(entry.name));
  if (files.some(({ name }) => imports(path.join(folder, name), left))) return true;
  return entries
    .filter(
      (entry) => entry.isDirectory() && !/^(?:\.|__pycache__$|node_modules$|site-packages$)/.test(entry.name),
    )
    .some(({ name }) => left.files > 0 && left.bytes > 0 && anyImports(path.join(folder, name), left));
}

function imports(file: string, left: Budget): boolean {
  if (left.files <= 0 || left.bytes <= 0) return false;
  try {
    const { size } = statSync(file);
    left.files--;
    left.bytes -= size;
    return size <= MOST_BYTES && importing.test(readFileSync(file, 'latin1'));
  } catch {
    return false;
  }
}
