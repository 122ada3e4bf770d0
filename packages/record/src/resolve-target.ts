import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { closest } from './closest.ts';
import { interpreterOf, isExecutable, onPath } from './executable.ts';
import { executableOf, findRuntime } from './find-runtime.ts';
import { programAt } from './node/program-at.ts';
import {
  pythonCommand,
  pythonFile,
  pythonFolder,
  pythonProgram,
  virtualEnvironmentCommand,
} from './python/python-target.ts';
import { RecordError, type Target } from './recording.ts';

export interface ResolveOptions {
  readonly workingDirectory: string;
  /** Name or path of another Node than the one that runs us, or of another Python than the project's. */
  readonly runtime: string | null;
  readonly environment?: NodeJS.ProcessEnv;
}

const nodeName = /^node(js)?(\.exe)?$/;
const nodeFiles = new Set(['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts', '.jsx', '.tsx']);

/**
 * Finds what `args` mean: a file, else a script of package.json, else a command of `node_modules/.bin` or of a
 * virtual environment, else one of the PATH. `-m` and `-c` begin a program as behind `python3`.
 *
 * @throws {@link RecordError} `TARGET_NOT_FOUND`, `TARGET_NOT_EXECUTABLE`, `RUNTIME_NOT_FOUND`, `RUNTIME_TOO_OLD`
 */
export function resolveTarget(args: readonly string[], options: ResolveOptions): Target {
  const [name, ...rest] = args;
  if (name === undefined || name === '') {
    throw new RecordError(
      'TARGET_NOT_FOUND',
      'Nothing to run: name a file, a script of package.json or a command.',
    );
  }
  const environment = options.environment ?? process.env;
  const program = pythonProgram(args, { ...options, environment });
  if (program !== null) return program;
  if (name.startsWith('-')) {
    throw new RecordError(
      'TARGET_NOT_FOUND',
      `${name} is not a program. Node's own options come after node: whetstone run node ${args.join(' ')}`,
    );
  }
  const found =
    fileTarget(args, name, rest, options, environment) ??
    scriptTarget(args, name, rest, options) ??
    commandTarget(args, name, rest, options, environment) ??
    pythonFolder(args, name, { ...options, environment });
  if (found !== null) return found;
  throw notFound(name, options, environment);
}

function fileTarget(
  given: readonly string[],
  name: string,
  rest: string[],
  options: ResolveOptions,
  environment: NodeJS.ProcessEnv,
): Target | null {
  const file = path.resolve(options.workingDirectory, name);
  const status = statSync(file, { throwIfNoEntry: false });
  if (status === undefined) return null;
  if (status.isDirectory()) {
    // A folder that happens to be called like a script or a command does not hide it.
    if (!name.includes(path.sep) && name !== '.' && name !== '..') return null;
    const python = pythonFolder(given, name, { ...options, environment });
    if (python !== null) return python;
    throw isFolder(name);
  }
  if (!status.isFile())
    throw new RecordError('TARGET_NOT_EXECUTABLE', `${name} is no regular file: name the file to run.`);
  if (nodeFiles.has(path.extname(file))) {
    return { given, kind: 'node', command: findRuntime(options.runtime), args: [file, ...rest], entry: file };
  }
  const script = nodeScript(given, file, options);
  if (script !== null) return script;
  const python = pythonFile(given, name, { ...options, environment });
  if (python !== null) return python;
  if (!isExecutable(file)) {
    // Without a path in front it may still be the name of a command.
    if (!name.includes('/') && onPath(name, options.workingDirectory, environment) !== null) return null;
    throw new RecordError(
      'TARGET_NOT_EXECUTABLE',
      `${name} is neither a program of Node (.js, .ts, …) nor of Python (.py), nor executable: chmod +x it, or name what runs it.`,
    );
  }
  if (nodeName.test(path.basename(file))) {
    return { given, kind: 'node', command: file, args: rest, entry: entryOf(rest, options.workingDirectory) };
  }
  return pythonCommand(given, file, { ...options, environment }) ?? otherCommand(given, file, options);
}

/** A script whose first line names a Node, with the options that stand there; `null` for others. */
function nodeScript(given: readonly string[], file: string, options: ResolveOptions): Target | null {
  const asked = interpreterOf(file);
  if (asked === null || !nodeName.test(path.basename(asked.name))) return null;
  const fixed = options.runtime === null && asked.name.includes('/') && isExecutable(asked.name);
  return {
    given,
    kind: 'node',
    command: fixed ? asked.name : findRuntime(options.runtime),
    args: [...asked.options, file, ...given.slice(1)],
    entry: file,
  };
}

function otherCommand(given: readonly string[], file: string, options: ResolveOptions): Target {
  return { given, kind: 'command', command: file, args: given.slice(1), entry: file, ...runtimeOf(options) };
}

/** The Node of `--runtime`, for a target behind which a Node may be started by its name. */
function runtimeOf({ runtime }: ResolveOptions): { readonly runtime?: string } {
  return runtime === null ? {} : { runtime: executableOf(findRuntime(runtime)) };
}

/** As `npm run` does it: in a shell, the arguments quoted behind the script. */
function scriptTarget(
  given: readonly string[],
  name: string,
  rest: string[],
  options: ResolveOptions,
): Target | null {
  const manifest = nearestManifest(options.workingDirectory);
  const script = manifest?.scripts[name];
  if (script === undefined) return null;
  const line = [script, ...rest.map(quoted)].join(' ');
  return process.platform === 'win32'
    ? {
        given,
        kind: 'script',
        command: process.env['ComSpec'] ?? 'cmd.exe',
        args: ['/d', '/s', '/c', line],
        entry: null,
        ...runtimeOf(options),
      }
    : { given, kind: 'script', command: '/bin/sh', args: ['-c', line], entry: null, ...runtimeOf(options) };
}

function commandTarget(
  given: readonly string[],
  name: string,
  rest: string[],
  options: ResolveOptions,
  environment: NodeJS.ProcessEnv,
): Target | null {
  if (name.includes('/')) return null;
  if (name === 'node' && options.runtime !== null) {
    return {
      given,
      kind: 'node',
      command: findRuntime(options.runtime),
      args: rest,
      entry: entryOf(rest, options.workingDirectory),
    };
  }
  for (const folder of binFolders(options.workingDirectory)) {
    const file = path.join(folder, name);
    if (!existsSync(file)) continue;
    const script = nodeScript(given, file, options);
    if (script !== null) return script;
    if (isExecutable(file)) return otherCommand(given, file, options);
  }
  const installed = virtualEnvironmentCommand(given, name, { ...options, environment });
  if (installed !== null) return installed;
  const file = onPath(name, options.workingDirectory, environment);
  if (file === null) return null;
  if (nodeName.test(name)) {
    return { given, kind: 'node', command: file, args: rest, entry: entryOf(rest, options.workingDirectory) };
  }
  const python = pythonCommand(given, file, { ...options, environment });
  if (python !== null) return python;
  return nodeScript(given, file, options) ?? otherCommand(given, file, options);
}

/** The file that `node …` runs, as far as it can be told without knowing all of Node's options. */
function entryOf(args: readonly string[], workingDirectory: string): string | null {
  const argument = args[programAt(args)];
  if (argument === undefined) return null;
  const file = path.resolve(workingDirectory, argument);
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : null;
}

/** The user's own environment, with what `npm run` adds for a script, and a PATH that leads to the Node of `--runtime`. */
export function environmentOf(
  target: Target,
  workingDirectory: string,
  own: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const environment =
    target.runtime === undefined ? own : { ...own, PATH: joined(path.dirname(target.runtime), own['PATH']) };
  const manifest = target.kind === 'script' ? nearestManifest(workingDirectory) : null;
  const name = target.given[0] ?? '';
  if (manifest === null) return environment;
  const folders = [...binFolders(manifest.folder)].join(path.delimiter);
  const added: NodeJS.ProcessEnv = {
    PATH: joined(folders, environment['PATH']),
    INIT_CWD: workingDirectory,
    npm_lifecycle_event: name,
    npm_lifecycle_script: manifest.scripts[name] ?? '',
    npm_package_json: path.join(manifest.folder, 'package.json'),
    npm_node_execpath: target.runtime ?? process.execPath,
    npm_command: 'run-script',
  };
  if (manifest.name !== null) added['npm_package_name'] = manifest.name;
  if (manifest.version !== null) added['npm_package_version'] = manifest.version;
  return { ...environment, ...added };
}

function joined(...folders: (string | undefined)[]): string {
  return folders.filter((part) => part !== undefined && part !== '').join(path.delimiter);
}

/** Where the script of a target runs: beside its package.json. */
export function scriptFolder(workingDirectory: string): string {
  return nearestManifest(workingDirectory)?.folder ?? workingDirectory;
}

interface Manifest {
  readonly folder: string;
  readonly name: string | null;
  readonly version: string | null;
  readonly scripts: Readonly<Record<string, string>>;
}

function nearestManifest(workingDirectory: string): Manifest | null {
  for (const folder of upwards(workingDirectory)) {
    const file = path.join(folder, 'package.json');
    if (!existsSync(file)) continue;
    try {
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
      if (typeof value !== 'object' || value === null) return null;
      const { name, version, scripts } = value as Record<string, unknown>;
      const texts = Object.entries(typeof scripts === 'object' && scripts !== null ? scripts : {}).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      );
      return {
        folder,
        name: typeof name === 'string' ? name : null,
        version: typeof version === 'string' ? version : null,
        scripts: Object.fromEntries(texts),
      };
    } catch {
      // Someone else's broken file does not keep a command from being found.
      return null;
    }
  }
  return null;
}

function* upwards(folder: string): Generator<string> {
  for (let current = folder; ; current = path.dirname(current)) {
    yield current;
    if (path.dirname(current) === current) return;
  }
}

function* binFolders(workingDirectory: string): Generator<string> {
  for (const folder of upwards(workingDirectory)) {
    if (path.basename(folder) !== 'node_modules') yield path.join(folder, 'node_modules', '.bin');
  }
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function isFolder(name: string): RecordError {
  return new RecordError(
    'TARGET_NOT_EXECUTABLE',
    `${name} is a folder without __main__.py: name the file to run.`,
  );
}

function notFound(name: string, options: ResolveOptions, environment: NodeJS.ProcessEnv): RecordError {
  const meantAsPath = path.resolve(options.workingDirectory, name);
  if (statSync(meantAsPath, { throwIfNoEntry: false })?.isDirectory() === true) return isFolder(name);
  const folder = path.dirname(meantAsPath);
  const files = (existsSync(folder) ? readdirSync(folder) : []).map((file) =>
    path.join(path.dirname(name), file),
  );
  const scripts = Object.keys(nearestManifest(options.workingDirectory)?.scripts ?? {});
  const commands = [
    ...binFolders(options.workingDirectory),
    ...(environment['PATH'] ?? '').split(path.delimiter),
  ].flatMap((place) => {
    try {
      return readdirSync(place);
    } catch {
      return [];
    }
  });
  const others = (names: readonly string[]) => names.filter((each) => each !== path.normalize(name));
  const meant = closest(name, others([...files, ...scripts])) ?? closest(name, others(commands));
  const hint = meant === null ? '' : ` Did you mean ${meant}?`;
  return new RecordError(
    'TARGET_NOT_FOUND',
    `There is no file, script of package.json or command called ${name}.${hint}`,
  );
}
