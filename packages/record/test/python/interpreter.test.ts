import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { pythonNamed } from '../../../../scripts/pythons.mjs';
import { InterpreterCode } from '../../src/python/interpreter-code.ts';
import { findInterpreter } from '../../src/python/interpreter-find.ts';
import { DEEPEST_STACK, FrameList, FrameWalker } from '../../src/python/interpreter-frames.ts';
import {
  describedOffsets,
  DESCRIPTION_SIZE,
  offsets311,
  offsets312,
} from '../../src/python/interpreter-offsets.ts';
import { Block, ProcessMemory } from '../../src/python/process-memory.ts';

const python = pythonNamed('cpython')?.path ?? null;
const python313 = pythonNamed('cpython3.13')?.path ?? null;
const pypy = pythonNamed('pypy')?.path ?? null;

/** Starts a program that waits, and gives its first line when it is there. */
async function waiting(command: string, args: readonly string[]): Promise<{ pid: number; line: string }> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('exit', () => reject(new Error('It ended before it wrote')));
  });
  return { pid: child.pid ?? 0, line };
}

function find(pid: number) {
  const memory = new ProcessMemory(pid);
  onTestFinished(() => memory.close());
  return findInterpreter(pid, memory);
}

const wait = 'import sys; print("up", flush=True); sys.stdin.read()';

test.skipIf(python === null)('finds an interpreter by its symbols', async () => {
  const { pid, line } = await waiting(python!, [
    '-c',
    `import sys; print('%d.%d.%d' % sys.version_info[:3], id(type((lambda: 0).__code__)), flush=True); sys.stdin.read()`,
  ]);
  const [version, codeType] = line.split(' ');
  expect(find(pid)).toMatchObject({ version, codeType: Number(codeType) });
});

test.skipIf(python313 === null)('reads from 3.13 on what the interpreter tells of itself', async () => {
  const { pid } = await waiting(python313!, ['-c', wait]);
  const found = find(pid);
  expect(found).toMatchObject({
    minor: 13,
    offsets: {
      runtime: { interpretersHead: 632 },
      interpreter: { next: 7264, threadsHead: 7344, collecting: 7600, lock: 16 },
      thread: { size: 304, next: 8, nativeId: 160, chunk: 232, frame: 72, frameInBetween: null },
      frame: { size: 80, code: 0, previous: 8, instruction: 56, owner: 70 },
      code: {
        fileName: 112,
        name: 120,
        qualifiedName: 128,
        locationTable: 136,
        firstLine: 68,
        instructions: 200,
      },
      text: { length: 16, state: 32, ascii: 40, other: 56 },
      bytes: { length: 16, data: 32 },
      lock: { start: 0, holder: 8, locked: 16 },
    },
  });
});

test('reads what 3.14 tells of itself', () => {
  // The words behind the cookie, as CPython 3.14.10 of Debian has them.
  const words =
    '51251952 0 316616 784 808 225864 7280 7272 7344 7360 7408 7688 7672 7680 16 7784 0 7800 7792 7992 0 832 0 8 16 72 152 160 ' +
    '232 32 88 8 0 56 80 74 64 0 216 112 120 128 136 68 52 96 104 208 0 16 8 416 24 88 168 40 32 16 40 24 16 200 24 40 32 48 ' +
    '32 40 24 16 32 16 24 40 16 32 64 32 16 40 264 192';
  const bytes = Buffer.alloc(DESCRIPTION_SIZE);
  bytes.write('xdebugpy', 0, 'latin1');
  for (const [index, word] of words.split(' ').entries()) bytes.writeUInt32LE(Number(word), 8 + index * 8);
  expect(describedOffsets(bytes)?.offsets).toEqual({
    runtime: { interpretersHead: 808 },
    interpreter: { next: 7272, threadsHead: 7344, collecting: 7600, lock: 16 },
    thread: { size: 832, next: 8, nativeId: 160, chunk: 232, frame: 72, frameInBetween: null },
    frame: { size: 88, code: 0, previous: 8, instruction: 56, owner: 74 },
    code: {
      fileName: 112,
      name: 120,
      qualifiedName: 128,
      locationTable: 136,
      firstLine: 68,
      instructions: 208,
    },
    text: { length: 16, state: 32, ascii: 40, other: 56 },
    bytes: { length: 16, data: 32 },
    lock: { start: 0, holder: 8, locked: 16 },
  });
});

test('takes no description of another version, or of a build without the lock', () => {
  const description = (version: number, freeThreaded = 0): Buffer => {
    const bytes = Buffer.alloc(DESCRIPTION_SIZE);
    bytes.write('xdebugpy', 0, 'latin1');
    bytes.writeUInt32LE(version, 8);
    bytes.writeUInt32LE(freeThreaded, 16);
    return bytes;
  };
  expect(describedOffsets(Buffer.alloc(DESCRIPTION_SIZE))).toBeNull();
  expect(describedOffsets(description(0x03_0c_00_f0))).toEqual({ offsets: null, freeThreaded: false });
  expect(describedOffsets(description(0x03_0f_00_f0))).toEqual({ offsets: null, freeThreaded: false });
  expect(describedOffsets(description(0x03_0d_00_f0, 1))).toEqual({ offsets: null, freeThreaded: true });
  expect(describedOffsets(description(0x03_0d_00_f0))?.offsets).not.toBeNull();
});

test('says why another program is not read', async () => {
  const { pid } = await waiting('sh', ['-c', 'echo up; read line']);
  expect(find(pid)).toMatchObject({ code: 'not-python' });
});

test.skipIf(pypy === null)('knows PyPy', async () => {
  const { pid } = await waiting(pypy!, ['-c', wait]);
  expect(find(pid)).toMatchObject({ code: 'pypy' });
});

test.skipIf(python === null)('survives memory of any content', async () => {
  // Words that point back into the same memory, small numbers, and garbage: chains without end.
  const { pid, line } = await waiting(python!, [
    '-c',
    `import ctypes, random, struct, sys
random.seed(6)
size = 1 << 20
buffer = ctypes.create_string_buffer(size)
start = ctypes.addressof(buffer)
def word():
    kind = random.random()
    if kind < .7: return start + random.randrange(size // 8) * 8
    if kind < .9: return random.randrange(1 << 16)
    return random.getrandbits(64)
ctypes.memmove(start, struct.pack(f'<{size // 8}Q', *[word() for _ in range(size // 8)]), size)
print(start, flush=True)
sys.stdin.read()`,
  ]);
  const start = Number(line);
  const found = find(pid);
  if (found === null || 'code' in found) throw new Error('no interpreter');
  const memory = new ProcessMemory(pid);
  onTestFinished(() => memory.close());
  const frames = new FrameList();
  for (const offsets of [offsets311, offsets312]) {
    const walker = new FrameWalker(memory, offsets);
    const codes = [0, found.codeType].map(
      (codeType) => new InterpreterCode(memory, { ...found, offsets, codeType }, () => 0, null),
    );
    const thread = new Block(offsets.thread.size);
    for (let attempt = 0; attempt < 200; attempt++) {
      memory.read(start + attempt * 512, thread.size, thread);
      expect(['whole', 'moving', 'gone']).toContain(walker.walk(thread, start + attempt * 512, frames));
      expect(frames.depth).toBeLessThanOrEqual(DEEPEST_STACK);
      for (const code of codes) {
        expect(() => code.innermost(start + attempt * 8, start + attempt * 8 + 500, attempt)).not.toThrow();
        expect(() => code.at(start + attempt * 8, attempt, attempt)).not.toThrow();
      }
    }
  }
});
