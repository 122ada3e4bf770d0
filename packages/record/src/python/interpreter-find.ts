import { readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { type ElfImage, readElf } from './elf.ts';
import {
  describedOffsets,
  DESCRIPTION_SIZE,
  type InterpreterOffsets,
  offsets311,
  offsets312,
} from './interpreter-offsets.ts';
import { mappedFiles } from './process-maps.ts';
import { Block, type ProcessMemory } from './process-memory.ts';
import type { PythonRefusal } from './raw-python.ts';

/** Where the interpreter of a process keeps its state. */
export interface FoundInterpreter {
  /** Such as `3.11.7`. */
  readonly version: string;
  readonly minor: number;
  readonly runtime: number;
  /** Address of the type of code objects, or 0 where the file does not tell it. */
  readonly codeType: number;
  readonly offsets: InterpreterOffsets;
}

/** Why there is none. */
export interface RefusedInterpreter {
  readonly code: PythonRefusal;
  readonly message: string;
  /** As far as it is known, otherwise empty. */
  readonly version: string;
}

/** Files looked into, by device, number and time of change: many processes run the same ones. */
const images = new Map<string, ElfImage | null>();

/** Where interpreters keep their state, since 3.10. */
const SECTION = '.PyRuntime';
const SYMBOLS = ['_PyRuntime', 'Py_Version', 'PyCode_Type'];

/**
 * Finds the interpreter of a process: in a library, or in the executable itself.
 *
 * `null` while there may be one soon: its memory cannot be read yet.
 */
export function findInterpreter(
  pid: number,
  memory: ProcessMemory,
): FoundInterpreter | RefusedInterpreter | null {
  const executable = executableOf(pid);
  const files = mappedFiles(pid);
  if (files.length === 0) return null;
  const pypy = [executable, ...files.map((file) => file.path)].find((file) =>
    /^(lib)?pypy3?[\d.]*(-c)?\b/.test(path.basename(file)),
  );
  if (pypy !== undefined) {
    return {
      code: 'pypy',
      message: 'PyPy keeps its frames otherwise than CPython',
      version: versionIn(pypy),
    };
  }
  const libraries = files.filter(({ path: file }) => /^libpython\d[\d.]*\w*\.so/.test(path.basename(file)));
  const own = files.filter(({ path: file }) => file === executable);
  for (const file of [...libraries, ...own]) {
    const image = imageOf(pid, file.path, file.path === executable);
    if (image === null) continue;
    const address = (value: number | undefined): number =>
      value === undefined ? 0 : image.relocatable ? value - image.base + file.start : value;
    const runtime = address(image.symbols.get('_PyRuntime') ?? image.sections.get(SECTION));
    if (runtime === 0) continue;
    return interpreterAt(memory, {
      runtime,
      version: address(image.symbols.get('Py_Version')),
      codeType: address(image.symbols.get('PyCode_Type')),
      named: versionIn(file.path),
    });
  }
  if (libraries.length > 0 || /^python\d?[\d.]*\w?$/.test(path.basename(executable))) {
    const version = versionIn(libraries[0]?.path ?? executable);
    if (/^2\.|^3\.(?:\d|10)$/.test(version)) return tooOld(version);
    return {
      code: 'version',
      message: `${executable} does not tell where its interpreter keeps its state`,
      version,
    };
  }
  return {
    code: 'not-python',
    message: `${path.basename(executable) || `process ${pid}`} is not Python`,
    version: '',
  };
}

/** The file that a process runs; the empty string where the system does not tell. */
export function executableOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return '';
  }
}

interface Addresses {
  readonly runtime: number;
  readonly version: number;
  readonly codeType: number;
  /** The version that the file's name tells, or the empty string. */
  readonly named: string;
}

function interpreterAt(memory: ProcessMemory, at: Addresses): FoundInterpreter | RefusedInterpreter | null {
  const block = new Block(DESCRIPTION_SIZE);
  if (!memory.read(at.runtime, DESCRIPTION_SIZE, block)) return null;
  const described = describedOffsets(block.bytes);
  // Since 3.11 the number is a constant of the interpreter, and since 3.13 it stands behind the cookie.
  let packed = described ? block.pointer(8) : 0;
  if (!described && at.version !== 0) {
    const word = new Block(8);
    if (!memory.read(at.version, 8, word)) return null;
    packed = word.pointer(0);
  }
  if (packed === 0) return tooOld(at.named);
  const minor = (packed >>> 16) & 0xff;
  const version = `${packed >>> 24}.${minor}.${(packed >>> 8) & 0xff}`;
  const refused = (message: string): RefusedInterpreter => ({ code: 'version', message, version });
  if (described?.freeThreaded)
    return refused(`the free-threaded build of CPython ${version} keeps its state otherwise`);
  const offsets = described
    ? described.offsets
    : minor === 11
      ? offsets311
      : minor === 12
        ? offsets312
        : null;
  if (offsets === null) return refused(`CPython ${version} keeps its state in a way that is not known`);
  return { version, minor, runtime: at.runtime, codeType: at.codeType, offsets };
}

function tooOld(version: string): RefusedInterpreter {
  const name = version === '' ? 'This CPython' : `CPython ${version}`;
  return { code: 'version', message: `${name} is older than 3.11 and keeps its frames otherwise`, version };
}

function versionIn(file: string): string {
  return /(\d\.\d+)/.exec(path.basename(file))?.[1] ?? '';
}

/** Reads through the process's own root, so that programs in containers are found too. */
function imageOf(pid: number, file: string, isExecutable: boolean): ElfImage | null {
  const seen = isExecutable ? `/proc/${pid}/exe` : `/proc/${pid}/root${file}`;
  try {
    const { dev, ino, mtimeMs, size } = statSync(seen);
    const key = [dev, ino, mtimeMs, size].join('/');
    let image = images.get(key);
    if (image === undefined) images.set(key, (image = readElf(seen, SECTION, SYMBOLS)));
    return image;
  } catch {
    return null;
  }
}
