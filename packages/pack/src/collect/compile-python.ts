import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { PackError } from '../pack-error.ts';
import type { Collection } from './collection.ts';
import type { PythonFacts } from './python-facts.ts';

/**
 * Reads pairs of file and shown name, writes each compiled file with its length before it, 0 where the source has an
 * error: packages bring files for other Pythons.
 */
const compiler = `
import importlib.util, json, struct, sys
from importlib._bootstrap_external import _code_to_hash_pyc
out = sys.stdout.buffer
for file, shown in json.load(sys.stdin):
    with open(file, 'rb') as source:
        data = source.read()
    try:
        code = compile(data, shown, 'exec', dont_inherit=True, optimize=0)
        body = bytes(_code_to_hash_pyc(code, importlib.util.source_hash(data), False))
    except (SyntaxError, ValueError, RecursionError):
        body = b''
    out.write(struct.pack('<I', len(body)))
    out.write(body)
out.flush()
`;

/**
 * Puts the compiled file of each Python source beside it, where Python looks for it, so that no start compiles.
 * They are of the kind that is never compared with the source: the image does not change.
 *
 * @throws {@link PackError} `PACK_TOOL_FAILED`
 */
export async function addCompiledPython(collection: Collection, python: PythonFacts): Promise<void> {
  const sources: { file: string; path: string; owner: string }[] = [];
  for (const { entry, owner } of collection.files)
    if (entry.kind === 'file' && typeof entry.content === 'string' && entry.path.endsWith('.py'))
      sources.push({ file: entry.content, path: entry.path, owner });
  sources.sort((a, b) => (a.path < b.path ? -1 : 1));
  if (sources.length === 0) return;
  const output = await compile(
    python,
    sources.map(({ file, path }) => [file, `/${path}`]),
  );
  let at = 0;
  for (const { file, path, owner } of sources) {
    if (at + 4 > output.length) throw failed(python, 'it ended too early');
    const size = output.readUInt32LE(at);
    const content = output.subarray(at + 4, at + 4 + size);
    at += 4 + size;
    if (size === 0) continue;
    const compiled = path.replace(/([^/]+)\.py$/, `__pycache__/$1.${python.cacheTag}.pyc`);
    collection.add({ kind: 'file', path: compiled, executable: false, size, content }, owner, [file]);
  }
}

async function compile(python: PythonFacts, pairs: readonly (readonly [string, string])[]): Promise<Buffer> {
  const child = spawn(python.command, ['-B', '-s', '-S', '-W', 'ignore', '-c', compiler], {
    cwd: tmpdir(),
    // Sets of constants are stored in the order of their hashes.
    env: { PATH: process.env['PATH'] ?? '', PYTHONHASHSEED: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  // What it says when it ends early is told below.
  child.stdin.on('error', () => {});
  child.stdin.end(JSON.stringify(pairs));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw failed(python, Buffer.concat(errors).toString().trim().split('\n').at(-1) ?? '');
  return Buffer.concat(out);
}

function failed(python: PythonFacts, why: string): PackError {
  return new PackError('PACK_TOOL_FAILED', `${python.command} could not compile the program: ${why}.`);
}
