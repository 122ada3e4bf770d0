import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isExecutable, onPath } from './executable.ts';
import { RecordError } from './recording.ts';

/** The oldest Node that the agent runs in. */
const OLDEST = [20, 19] as const;

/**
 * The Node to run programs with: our own, or the one that `--runtime` names by path, by a command of the PATH
 * (`node22`), or by its version (`22`) where such a command exists.
 *
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND`, which lists what there is, or `RUNTIME_TOO_OLD`
 */
export function findRuntime(name: string | null): string {
  if (name === null) return process.execPath;
  const file = name.includes(path.sep)
    ? path.resolve(name)
    : (fromPath(name) ?? fromPath(`node${name}`) ?? fromPath(`node-${name}`));
  if (file === null || !isExecutable(file)) {
    const there = runtimesFound();
    throw new RecordError(
      'RUNTIME_NOT_FOUND',
      `There is no runtime ${name}. Found: ${there.length > 0 ? there.join(', ') : 'none on the PATH'}. Give its path.`,
    );
  }
  const version = versionOf(file);
  if (version === null) throw new RecordError('RUNTIME_NOT_FOUND', `${file} does not answer like a Node.`);
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new RecordError('RUNTIME_TOO_OLD', `${file} is Node ${version}; 20.19 or newer is needed.`);
  }
  return file;
}

/** Every Node on the PATH, by its file. */
export function runtimesFound(): string[] {
  const found: string[] = [];
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    let names: string[] = [];
    try {
      names = readdirSync(folder);
    } catch {
      continue;
    }
    for (const name of names) {
      if (/^node(js)?-?[\d.]*(\.exe)?$/.test(name) && isExecutable(path.join(folder, name)))
        found.push(path.join(folder, name));
    }
  }
  return found;
}

/**
 * The file of the Node itself, where `file` may be a link to it or a launcher of it.
 *
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND` if it is not called `node`, by which scripts start it
 */
export function executableOf(file: string): string {
  const real = answerOf(file, ['-p', 'process.execPath'])?.trim() ?? '';
  if (/^node(\.exe)?$/.test(path.basename(real))) return real;
  throw new RecordError(
    'RUNTIME_NOT_FOUND',
    `${file} is not called node, and that is how scripts and commands start it. Name a file called node.`,
  );
}

/** What `FILE --version` prints if it is a Node, else `null`. */
function versionOf(file: string): string | null {
  if (file === process.execPath) return process.version;
  return /^v\d+\.\d+\.\d+/.exec(answerOf(file, ['--version']) ?? '')?.[0] ?? null;
}

function answerOf(file: string, args: readonly string[]): string | null {
  try {
    const { NODE_OPTIONS: _, ...environment } = process.env;
    return execFileSync(file, args, {
      encoding: 'utf8',
      timeout: 10_000,
      env: environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return null;
  }
}

function fromPath(name: string): string | null {
  return onPath(name, process.cwd(), process.env);
}
