import { callTree } from '@whetstone/viewer/model/call-tree.ts';
import { blendOf, pyramid } from '@whetstone/viewer/model/pyramid.ts';
import { visitRow } from '@whetstone/viewer/model/row-spans.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** One caller with as many callees as widths are given. */
function flatTree(widths: readonly number[]) {
  const nodes = {
    parent: Int32Array.from(widths, () => -1),
    function: Int32Array.from(widths, (_, i) => i),
  };
  return callTree(nodes, Float64Array.from(widths));
}

const anyWidths = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 300 });

/** What a row of these widths is drawn as. */
function draw(widths: readonly number[], window: { from: number; to: number; pixels: number }) {
  const tree = flatTree(widths);
  const colour = new Uint8Array(tree.width.length);
  const seen: { from: number; to: number; left: number; right: number }[] = [];
  visitRow({ tree, colour, pyramid: pyramid(tree, colour) }, 1, window, {
    box: (box, left, right) => seen.push({ from: box, to: box + 1, left, right }),
    pixel: (pixel, _colour, coverage, first, end) => {
      expect(coverage).toBeGreaterThan(0);
      expect(coverage).toBeLessThanOrEqual(1);
      seen.push({ from: first, to: end, left: pixel, right: pixel + 1 });
    },
  });
  return { tree, seen };
}

describe('blendOf', () => {
  test('adds up any run of boxes', () => {
    fc.assert(
      fc.property(anyWidths, fc.nat(), fc.nat(), (widths, a, b) => {
        const tree = flatTree(widths);
        const colour = Uint8Array.from(tree.width, (_, box) => box % 5);
        const from = 1 + (a % widths.length);
        const to = from + (b % (widths.length - from + 2));
        const result = { colour: -1, covered: -1 };
        blendOf(tree, colour, pyramid(tree, colour), from, to, result);
        expect(result.covered).toBe(tree.width.slice(from, to).reduce((sum, width) => sum + width, 0));
      }),
    );
  });

  test('has the one colour that all boxes have', () => {
    const tree = flatTree(Array.from({ length: 100 }, () => 3));
    const colour = new Uint8Array(101).fill(7);
    const result = { colour: -1, covered: -1 };
    blendOf(tree, colour, pyramid(tree, colour), 3, 90, result);
    expect(result).toEqual({ colour: 7, covered: 87 * 3 });
  });

  test('has the colour that covers most by far', () => {
    const tree = flatTree([1000, ...Array.from({ length: 60 }, () => 1)]);
    const colour = Uint8Array.from(tree.width, (_, box) => (box === 1 ? 9 : 2));
    const result = { colour: -1, covered: -1 };
    blendOf(tree, colour, pyramid(tree, colour), 1, 62, result);
    expect(result.colour).toBe(9);
  });
});

describe('visitRow', () => {
  test('shows every visible box once, alone or added up, from left to right', () => {
    fc.assert(
      fc.property(anyWidths, fc.integer({ min: 1, max: 500 }), (widths, pixels) => {
        const whole = widths.reduce((sum, width) => sum + width, 0);
        const { seen } = draw(widths, { from: 0, to: whole, pixels });
        expect(seen[0]!.from).toBe(1);
        for (let i = 1; i < seen.length; i++) expect(seen[i]!.from).toBe(seen[i - 1]!.to);
        expect(seen.at(-1)!.to).toBe(widths.length + 1);
      }),
    );
  });

  test('calls back at most twice for each pixel', () => {
    const widths = Array.from({ length: 20_000 }, (_, i) => 1 + (i % 7));
    const whole = widths.reduce((sum, width) => sum + width, 0);
    expect(draw(widths, { from: 0, to: whole, pixels: 100 }).seen.length).toBeLessThanOrEqual(200);
  });

  test('makes widths proportional to time', () => {
    const { seen } = draw([60, 30, 10], { from: 0, to: 100, pixels: 1000 });
    expect(seen.map(({ left, right }) => right - left)).toEqual([600, 300, 100]);
  });

  test('cuts boxes to the window', () => {
    const { seen } = draw([60, 30, 10], { from: 50, to: 70, pixels: 200 });
    expect(seen).toEqual([
      { from: 1, to: 2, left: 0, right: 100 },
      { from: 2, to: 3, left: 100, right: 200 },
    ]);
  });
});
