import { spawnSync } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isExecutable, onPath } from '../executable.ts';
import { RecordError } from '../recording.ts';
import { isPythonName } from './python-name.ts';

/** Where interpreters are looked for. */
export interface PythonPlaces {
  readonly workingDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
}

/**
 * The Python that `--runtime` names: by path, by a command of the PATH (`python3.12`, `pypy3`), or by its
 * version (`3.12`). One that pyenv has installed but not chosen is found, too.
 *
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND`, which lists what there is
 */
export function namedPython(runtime: string, places: PythonPlaces): string {
  const { workingDirectory, environment } = places;
  if (runtime.includes(path.sep)) {
    const file = path.resolve(workingDirectory, runtime);
    if (!isExecutable(file)) throw unknownRuntime(runtime, places);
    if (!answers(file, places))
      throw new RecordError('RUNTIME_NOT_FOUND', `${file} does not answer like a Python.`);
    return file;
  }
  const found = [runtime, `python${runtime}`]
    .flatMap((name) => [
      ...virtualEnvironments(places).map((folder) => path.join(folder, name)),
      onPath(name, workingDirectory, environment),
      ...pyenvVersions(environment).map((folder) => path.join(folder, name)),
    ])
    .find((file) => file !== null && isExecutable(file) && answers(file, places));
  if (found === undefined || found === null) throw unknownRuntime(runtime, places);
  return found;
}

/**
 * The Python of this project: that of the active or of the local virtual environment, else the PATH's.
 *
 * @param name `python3`, or what a script's first line asks for
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND`
 */
export function projectPython(name: string, places: PythonPlaces): string {
  const { workingDirectory, environment } = places;
  for (const each of new Set([name, 'python3', 'python'])) {
    const own = virtualEnvironments(places)
      .map((folder) => path.join(folder, each))
      .find(isExecutable);
    const found = own ?? onPath(each, workingDirectory, environment);
    if (found !== null) return found;
  }
  throw new RecordError(
    'RUNTIME_NOT_FOUND',
    `There is no ${name} on the PATH, and no virtual environment in .venv. Install Python, or give its path: --runtime PATH.`,
  );
}

/** Folders with the commands of the virtual environments that hold here: the active one, then `./.venv`. */
export function virtualEnvironments({ workingDirectory, environment }: PythonPlaces): string[] {
  const commands = process.platform === 'win32' ? 'Scripts' : 'bin';
  const active = environment['VIRTUAL_ENV'];
  return [...(active === undefined || active === '' ? [] : [active]), '.venv']
    .map((folder) => path.resolve(workingDirectory, folder, commands))
    .filter((folder) =>
      isExecutable(path.join(folder, process.platform === 'win32' ? 'python.exe' : 'python')),
    );
}

/** Every Python of the virtual environments, the PATH and pyenv, each file once. Shims of pyenv are none. */
function pythonsFound(places: PythonPlaces): string[] {
  const folders = [
    ...virtualEnvironments(places),
    ...(places.environment['PATH'] ?? '').split(path.delimiter),
    ...pyenvVersions(places.environment),
  ];
  const files = new Map<string, string>();
  for (const folder of folders) {
    if (/[\\/]\.?pyenv[\\/]shims$/.test(path.resolve(folder))) continue;
    for (const name of listing(folder)) {
      const file = path.join(folder, name);
      if (isPythonName(name) && isExecutable(file))
        files.set(`${realpathSync(folder)} ${realpathSync(file)}`, file);
    }
  }
  return [...files.values()];
}

/** A shim of pyenv is there for every version that is installed, and refuses for those that are not chosen. */
function answers(file: string, { workingDirectory, environment }: PythonPlaces): boolean {
  const { status, stdout, stderr } = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
    cwd: workingDirectory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return status === 0 && /^Python \d/m.test(`${stdout}\n${stderr}`);
}

function pyenvVersions(environment: NodeJS.ProcessEnv): string[] {
  const versions = path.join(environment['PYENV_ROOT'] ?? path.join(os.homedir(), '.pyenv'), 'versions');
  return listing(versions).map((name) => path.join(versions, name, 'bin'));
}

function listing(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function unknownRuntime(runtime: string, places: PythonPlaces): RecordError {
  const there = pythonsFound(places);
  return new RecordError(
    'RUNTIME_NOT_FOUND',
    `There is no runtime ${runtime}. Found: ${there.length > 0 ? there.join(', ') : 'none on the PATH'}. Give its path.`,
  );
}
