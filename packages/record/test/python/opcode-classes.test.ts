import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { cpythons } from '../../../../scripts/pythons.mjs';
import { opcodeClass, workClasses } from '../../src/python/opcode-classes.ts';

const generator = new URL('../../../../scripts/opcode-classes.py', import.meta.url).pathname;

/** Runs until the interpreter has made its instructions special, then prints them: byte and name. */
const running = `
import dis
class Point:
    def __init__(self): self.x = 1
def hot(point, items, total=0):
    for i in range(100):
        total += i * 2
        total += point.x + items[0] + len(items)
        total = total % 7 / 3
    return total
for _ in range(100): hot(Point(), [1, 2])
code = hot.__code__._co_code_adaptive
for each in dis.get_instructions(hot, adaptive=True):
    print(code[each.offset], each.opname)
`;

describe.each(cpythons)('$title', ({ path }) => {
  const run = (...args: string[]) => execFileSync(path!, args, { encoding: 'utf8' });
  const version = path === null ? '' : run('-c', 'import sys; print("%d.%d" % sys.version_info[:2])').trim();
  const supported = ['3.11', '3.12', '3.13', '3.14'].includes(version);

  test.skipIf(!supported)('has the table that the interpreter itself gives', () => {
    const file = new URL(`../../src/python/opcode-classes-${version}.ts`, import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(run(generator));
  });

  test.skipIf(!supported)('knows the instructions that run by the byte in the code', () => {
    const seen = run('-c', running)
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]);
    const classes = seen.map(([byte]) => opcodeClass(version, Number(byte)));
    expect(classes.map((each) => each?.name)).toEqual(seen.map(([, name]) => name));
    const forms = new Map(classes.map((each) => [each!.name, each!.form]));
    expect(forms.get('BINARY_OP_ADD_INT') ?? forms.get('BINARY_OP_MULTIPLY_INT')).toBe('specialised');
    expect(forms.get('LOAD_ATTR_INSTANCE_VALUE')).toBe('specialised');
    expect([forms.get('BINARY_OP'), forms.get('BINARY_OP_ADAPTIVE')]).toContain('generic');
  });
});

test('tells class and form', () => {
  expect(opcodeClass('3.11.2', 122)).toEqual({ name: 'BINARY_OP', work: 'arithmetic', form: 'generic' });
  expect(opcodeClass('3.12', 125)).toEqual({ name: 'STORE_FAST', work: 'control', form: 'neither' });
  expect(opcodeClass('3.13.5', 194)?.work).toBe('attributes');
});

test('knows nothing of other versions and of bytes that are no instruction', () => {
  expect([opcodeClass('3.10', 122), opcodeClass('', 1), opcodeClass('3.13', 255)]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

test('has instructions of every class in every version', () => {
  for (const version of ['3.11', '3.12', '3.13', '3.14']) {
    const classes = Array.from({ length: 256 }, (_, opcode) => opcodeClass(version, opcode)?.work);
    expect(new Set(classes.filter(Boolean))).toEqual(new Set(workClasses));
  }
});
