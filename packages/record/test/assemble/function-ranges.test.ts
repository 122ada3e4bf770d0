import { functionRanges } from '@whetstone/record/assembling';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { coverageOf } from './coverage-of.ts';

const file = fileURLToPath(new URL('fixtures/kinds-of-functions.cjs', import.meta.url));
const text = readFileSync(file, 'utf8');

describe('functionRanges', () => {
  test('finds every function where V8 counts it, under the name that V8 gives it', async () => {
    const seen = (await coverageOf(file)).map(({ functionName, ranges }) => ({
      name: functionName,
      start: ranges[0]?.startOffset,
      end: ranges[0]?.endOffset,
    }));
    const found = new Map(
      functionRanges(text)?.functions.map((range) => [`${range.start}-${range.end}`, range.name]),
    );
    const ordinary = seen.filter(({ name }) => !name.startsWith('<'));
    expect(ordinary.length).toBeGreaterThan(35);
    expect(ordinary.map(({ start, end }) => [start, end, found.get(`${start}-${end}`)])).toEqual(
      ordinary.map(({ name, start, end }) => [start, end, name]),
    );
  });

  test('nests functions, and gives statements to the innermost', () => {
    const source = 'function a() {\n  const b = () => c;\n  return b;\n}\na();\n';
    const ranges = functionRanges(source);
    expect(
      ranges?.functions.map(({ name, parent, firstLine, lastLine }) => [name, parent, firstLine, lastLine]),
    ).toEqual([
      ['', -1, 1, 6],
      ['a', 0, 1, 4],
      ['b', 1, 2, 2],
    ]);
    expect(
      ranges?.statements.map(({ offset, function: row }) => [source.slice(offset, offset + 5), row]),
    ).toEqual([
      ['const', 1],
      ['c;\n  ', 2],
      ['retur', 1],
      ['a();\n', 0],
    ]);
  });

  test('knows all line ends of V8', () => {
    const ranges = functionRanges('a();\r\nb();\rc();\u2028d();\u2029function e() {}');
    expect(ranges?.functions[1]).toMatchObject({ name: 'e', line: 5 });
  });

  test('reads scripts that are no modules, and gives up on what is no program', () => {
    expect(functionRanges('with (a) { b(010); }\nreturn 1;')?.functions).toHaveLength(1);
    expect(functionRanges('const = 1')).toBeNull();
  });
});
