import { callTree } from '@whetstone/viewer/model/call-tree.ts';
import { findBoxes, matcher } from '@whetstone/viewer/model/search.ts';
import { describe, expect, test } from 'vitest';

const parse = { name: 'parseRow', file: '/app/src/rows.ts' };

describe('matcher', () => {
  test.each([
    ['PARSE', true],
    ['rows.ts', true],
    ['/^parse/', true],
    ['/^row/', false],
    ['/ROW/i', true],
    ['format', false],
    ['(', false],
  ])('looks for %s', (query, expected) => {
    expect(matcher(query)?.(parse)).toBe(expected);
  });

  test.each(['', '   ', '/(/'])('is none for "%s"', (query) => {
    expect(matcher(query)).toBeNull();
  });
});

describe('findBoxes', () => {
  test('adds up the time below what fits once', () => {
    const nodes = { parent: Int32Array.of(-1, 0, 1, 0), function: Int32Array.of(0, 1, 1, 2) };
    const tree = callTree(nodes, Float64Array.of(1, 2, 4, 8));
    const found = findBoxes(tree, Uint8Array.of(0, 1, 0));
    expect(found.time).toBe(6);
    expect(found.before.at(-1)).toBe(2);
  });
});
