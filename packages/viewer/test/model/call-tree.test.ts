import type { NodeTable } from '@whetstone/profile';
import {
  boxAt,
  callTree,
  depthOf,
  firstStartingFrom,
  rowOf,
  type CallTree,
} from '@whetstone/viewer/model/call-tree.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

interface Input {
  readonly nodes: NodeTable;
  readonly self: Float64Array;
}

/** Any tree of up to 60 call paths, whole microseconds so that sums are exact. */
const anyInput: fc.Arbitrary<Input> = fc
  .array(
    fc.record({
      parent: fc.nat(),
      fn: fc.integer({ min: 0, max: 9 }),
      self: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 60 },
  )
  .map((rows) => ({
    nodes: {
      parent: Int32Array.from(rows, ({ parent }, i) => (parent % (i + 1)) - 1),
      function: Int32Array.from(rows, ({ fn }) => fn),
    },
    self: Float64Array.from(rows, ({ self }) => self),
  }));

const boxes = (tree: CallTree) => Array.from(tree.width, (_, box) => box);

describe('callTree', () => {
  test('puts the largest callee first and each callee below its caller', () => {
    const nodes = { parent: Int32Array.of(-1, 0, 0, 2), function: Int32Array.of(0, 1, 2, 3) };
    const tree = callTree(nodes, Float64Array.of(5, 10, 20, 30));
    expect([...tree.rows]).toEqual([0, 1, 2, 4, 5]);
    expect([...tree.function]).toEqual([-1, 0, 2, 1, 3]);
    expect([...tree.start]).toEqual([0, 0, 0, 50, 0]);
    expect([...tree.width]).toEqual([65, 65, 50, 10, 30]);
  });

  test('puts what waits last, however large', () => {
    const nodes = { parent: Int32Array.of(-1, -1, -1), function: Int32Array.of(0, 1, 2) };
    const tree = callTree(nodes, Float64Array.of(1, 100, 2), (fn) => fn === 1);
    expect([...tree.function]).toEqual([-1, 2, 0, 1]);
  });

  test('has one empty box for a profile without time', () => {
    const tree = callTree({ parent: Int32Array.of(-1), function: Int32Array.of(0) }, Float64Array.of(0));
    expect([...tree.width]).toEqual([0]);
    expect(depthOf(tree)).toBe(1);
  });

  test('lets no boxes of a row overlap', () => {
    fc.assert(
      fc.property(anyInput, ({ nodes, self }) => {
        const tree = callTree(nodes, self);
        for (let row = 0; row < depthOf(tree); row++) {
          for (let box = tree.rows[row]! + 1; box < tree.rows[row + 1]!; box++) {
            expect(tree.start[box]).toBeGreaterThanOrEqual(tree.start[box - 1]! + tree.width[box - 1]!);
          }
        }
      }),
    );
  });

  test('keeps children inside their parents, side by side, in the next row', () => {
    fc.assert(
      fc.property(anyInput, ({ nodes, self }) => {
        const tree = callTree(nodes, self);
        for (const box of boxes(tree).slice(1)) {
          const parent = tree.parent[box]!;
          expect(parent).toBeLessThan(box);
          expect(rowOf(tree, box)).toBe(rowOf(tree, parent) + 1);
          expect(tree.start[box]).toBeGreaterThanOrEqual(tree.start[parent]!);
          expect(tree.start[box]! + tree.width[box]!).toBeLessThanOrEqual(
            tree.start[parent]! + tree.width[parent]!,
          );
          expect(box - tree.firstChild[parent]!).toBeLessThan(tree.childCount[parent]!);
        }
      }),
    );
  });

  test('makes every box as wide as its own time and its children', () => {
    fc.assert(
      fc.property(anyInput, ({ nodes, self }) => {
        const tree = callTree(nodes, self);
        expect(tree.width[0]).toBe(self.reduce((sum, time) => sum + time, 0));
        for (const box of boxes(tree).slice(1)) {
          let sum = self[tree.node[box]!]!;
          for (let i = 0; i < tree.childCount[box]!; i++) sum += tree.width[tree.firstChild[box]! + i]!;
          expect(tree.width[box]).toBe(sum);
        }
      }),
    );
  });

  test('has a box for every call path that took time, and for no other', () => {
    fc.assert(
      fc.property(anyInput, ({ nodes, self }) => {
        const total = self.slice();
        for (let i = total.length - 1; i >= 0; i--) {
          if (nodes.parent[i]! >= 0) total[nodes.parent[i]!]! += total[i]!;
        }
        const expected = Array.from(total, (_, node) => node).filter((node) => total[node]! > 0);
        expect(callTree(nodes, self).node.slice(1).toSorted()).toEqual(Int32Array.from(expected));
      }),
    );
  });
});

describe('boxAt', () => {
  test('finds exactly the box that lies over a moment', () => {
    fc.assert(
      fc.property(anyInput, fc.double({ min: 0, max: 1, noNaN: true }), ({ nodes, self }, part) => {
        const tree = callTree(nodes, self);
        const at = part * tree.width[0]!;
        for (let row = 0; row < depthOf(tree); row++) {
          const over = boxes(tree).filter(
            (box) =>
              rowOf(tree, box) === row && tree.start[box]! <= at && at < tree.start[box]! + tree.width[box]!,
          );
          expect(boxAt(tree, row, at)).toBe(over[0] ?? -1);
        }
      }),
    );
  });

  test('finds nothing above or below the picture', () => {
    const tree = callTree({ parent: Int32Array.of(-1), function: Int32Array.of(0) }, Float64Array.of(7));
    expect([boxAt(tree, -1, 3), boxAt(tree, 2, 3), boxAt(tree, 1, 7), boxAt(tree, 1, -1)]).toEqual([
      -1, -1, -1, -1,
    ]);
  });
});

describe('firstStartingFrom', () => {
  test('agrees with looking at every box', () => {
    fc.assert(
      fc.property(anyInput, fc.nat(3000), ({ nodes, self }, at) => {
        const tree = callTree(nodes, self);
        for (let row = 0; row < depthOf(tree); row++) {
          const [from, to] = [tree.rows[row]!, tree.rows[row + 1]!];
          let expected = from;
          while (expected < to && tree.start[expected]! < at) expected++;
          expect(firstStartingFrom(tree, from, to, at)).toBe(expected);
        }
      }),
    );
  });
});
