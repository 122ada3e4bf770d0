import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { cpythons } from '../../../../scripts/pythons.mjs';
import { decodeLocationTable } from '../../src/python/location-table.ts';

/** Prints of every code in some modules: first line, table, the line of each code unit, the last line. */
const dump = `
import json, types, sys, ast, argparse, asyncio.base_events, decimal, dataclasses, enum, inspect, typing, _pydecimal, difflib
def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType): yield from codes(const)
source = '''
def one(a,
        b=2):
    return (a
            +
            b)

x = [one(i)
     for i in range(3) if i]
class Long: pass
''' + '\\n' * 5000 + 'y = 1\\n' + ' ' * 300 + '\\nz = {' + ','.join(f'{n}: one({n}, {n})' for n in range(2000)) + '}\\n'
def all_codes():
    for module in [ast, argparse, asyncio.base_events, dataclasses, enum, inspect, typing, _pydecimal, difflib]:
        with open(module.__file__) as file: yield from codes(compile(file.read(), module.__file__, 'exec'))
    yield from codes(compile(source, 'source', 'exec'))
rows = []
for code in all_codes():
    positions = list(code.co_positions())
    lines = [0] * (len(code.co_code) // 2)
    for start, end, line in code.co_lines():
        for unit in range(start // 2, end // 2): lines[unit] = line or 0
    last = max([end for _, end, _, _ in positions if end] + [code.co_firstlineno])
    rows.append([code.co_firstlineno, code.co_linetable.hex(), lines, last])
json.dump(rows, sys.stdout)
`;

describe.each(cpythons)('$title', ({ path }) => {
  test.skipIf(path === null)('has the lines that it says itself', () => {
    const text = execFileSync(path!, ['-c', dump], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const rows = JSON.parse(text) as [first: number, table: string, lines: number[], last: number][];
    expect(rows.length).toBeGreaterThan(1000);
    const decoded = rows.map(([first, table]) => decodeLocationTable(Buffer.from(table, 'hex'), first));
    expect(decoded.map(({ lines }) => [...lines])).toEqual(rows.map(([, , lines]) => lines));
    expect(decoded.map(({ lastLine }) => lastLine)).toEqual(rows.map(([, , , last]) => last));
  });
});

test('ends at damage', () => {
  const whole = Buffer.from('800004f3fe', 'hex');
  for (let length = 0; length <= whole.length; length++) {
    expect(decodeLocationTable(whole.subarray(0, length), 7).lastLine).toBeGreaterThanOrEqual(7);
  }
  expect(decodeLocationTable(Buffer.alloc(1000, 0x7f), 7).lines).toHaveLength(0);
  expect(decodeLocationTable(Buffer.alloc(1000, 0xff), 7).lines).toHaveLength(8000);
});
