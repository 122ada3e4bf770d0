import { describe, expect, test } from 'vitest';
import { opcodeClass } from '../../src/python/opcode-classes.ts';
import { pythonStates, type PythonState, type RawPython } from '../../src/python/raw-python.ts';
import { settleLock } from '../../src/python/settle-lock.ts';

const opcodeOf = (name: string) =>
  Array.from({ length: 256 }, (_, opcode) => opcode).find(
    (opcode) => opcodeClass('3.11', opcode)?.name === name,
  )!;

/** States of one thread's moments, each with the stack and the instruction, settled. */
function settled(...moments: readonly (readonly [state: PythonState, stack: number, opcode: string])[]) {
  const python = {
    processes: [{ version: '3.11.2' }],
    threads: [{ process: 0 }],
    samples: {
      thread: Int32Array.from(moments, () => 0),
      state: Uint8Array.from(moments, ([state]) => pythonStates.indexOf(state)),
      stack: Int32Array.from(moments, ([, stack]) => stack),
      opcode: Int16Array.from(moments, ([, , name]) => (name === '' ? -1 : opcodeOf(name))),
    },
  } as unknown as RawPython;
  const { samples } = settleLock(python, [moments.map((_, row) => row)]);
  return Array.from(samples.state, (state) => pythonStates[state]);
}

describe('a thread that runs without the lock', () => {
  test('waits for it where it waited before or after, at the same place', () => {
    expect(
      settled(
        ['lock', 7, 'JUMP_BACKWARD'],
        ['native', 7, 'JUMP_BACKWARD'],
        ['lock', 7, 'JUMP_BACKWARD'],
        ['bytecode', 7, 'BINARY_OP'],
        ['native', 7, 'RESUME'],
        ['lock', 7, 'RESUME'],
      ),
    ).toEqual(['lock', 'lock', 'lock', 'bytecode', 'lock', 'lock']);
  });

  test('runs native code where it was called', () => {
    expect(settled(['native', 7, 'CALL'], ['lock', 7, 'CALL'])).toEqual(['native', 'lock']);
    expect(settled(['lock', 7, 'PRECALL'], ['native', 7, 'PRECALL'])).toEqual(['lock', 'native']);
  });

  test('runs it where nothing shows a wait, or the instruction is not known', () => {
    expect(settled(['bytecode', 7, 'JUMP_BACKWARD'], ['native', 7, 'JUMP_BACKWARD'])).toEqual([
      'bytecode',
      'native',
    ]);
    expect(settled(['lock', 8, 'JUMP_BACKWARD'], ['native', 7, 'JUMP_BACKWARD'])).toEqual(['lock', 'native']);
    expect(settled(['lock', 7, ''], ['native', 7, ''])).toEqual(['lock', 'native']);
    expect(settled(['lock', -1, ''], ['native', -1, ''])).toEqual(['lock', 'native']);
  });
});
