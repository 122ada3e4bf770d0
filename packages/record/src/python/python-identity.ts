import { spawn } from 'node:child_process';
import { findInterpreter } from './interpreter-find.ts';
import type { PythonPlaces } from './find-python.ts';
import { ProcessMemory } from './process-memory.ts';
import type { PythonRefusal } from './raw-python.ts';

/** What an interpreter says of itself, and whether its memory can be read. */
export interface PythonIdentity {
  readonly name: 'cpython' | 'pypy' | 'other';
  /** Such as `3.11.7`; that of PyPy comes with the language's: `7.3.11, Python 3.9.16`. */
  readonly version: string;
  /** Its own file, behind shims and links of virtual environments. */
  readonly executable: string;
  /** Why a program that it runs cannot be measured from outside, `null` where it can. */
  readonly refusal: { readonly code: PythonRefusal; readonly message: string } | null;
}

/** Understood by every Python, old ones too; then it waits until it has been looked at. */
const question = `import sys
i = getattr(sys, 'implementation', None)
p = getattr(sys, 'pypy_version_info', None)
v = '.'.join([str(n) for n in sys.version_info[:3]])
if p: v = '.'.join([str(n) for n in p[:3]]) + ', Python ' + v
sys.stdout.write('\\n'.join([i.name if i else 'cpython', v, sys.executable, 'end', '']))
sys.stdout.flush()
sys.stdin.read()`;

/** An interpreter behind a shim of pyenv takes a fifth of a second; in milliseconds. */
const PATIENCE = 10_000;

/**
 * Starts an interpreter for a moment and asks what it is: before the program starts, it must be known how it
 * will be measured.
 *
 * @returns `null` for what does not answer like a Python
 */
export async function pythonIdentity(
  command: string,
  { workingDirectory, environment }: PythonPlaces,
): Promise<PythonIdentity | null> {
  const child = spawn(command, ['-E', '-S', '-c', question], {
    cwd: workingDirectory,
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: PATIENCE,
  });
  child.stdin.on('error', () => {});
  const ended = new Promise((resolve) => child.once('close', resolve).once('error', resolve));
  try {
    const lines = await answerOf(child.stdout, ended);
    if (lines === null || child.pid === undefined) return null;
    const [name = '', version = '', executable = ''] = lines;
    const refusal = pythonRefusal(child.pid);
    return { name: name === 'cpython' || name === 'pypy' ? name : 'other', version, executable, refusal };
  } finally {
    child.stdin.end();
    await ended;
  }
}

async function answerOf(output: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string[] | null> {
  let text = '';
  const whole = new Promise<string[]>((resolve) => {
    output.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.endsWith('\nend\n')) resolve(text.split('\n'));
    });
  });
  return await Promise.race([whole, ended.then(() => null)]);
}

/** Why a running Python cannot be measured from outside, `null` where it can. */
export function pythonRefusal(pid: number): PythonIdentity['refusal'] {
  if (process.platform !== 'linux') {
    return { code: 'forbidden', message: 'Programs can be read from outside on Linux only' };
  }
  let memory: ProcessMemory;
  try {
    memory = new ProcessMemory(pid);
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    return { code: 'forbidden', message: `The system forbids reading the program’s memory (${why})` };
  }
  try {
    const found = findInterpreter(pid, memory);
    if (found === null)
      return { code: 'forbidden', message: 'The system forbids reading the program’s memory' };
    return 'code' in found ? { code: found.code, message: found.message } : null;
  } finally {
    memory.close();
  }
}
