import type { NodeTable } from '@whetstone/profile';
import { callTree } from '@whetstone/viewer/model/call-tree.ts';
import { preorder, visitOutermost } from '@whetstone/viewer/model/function-figures.ts';
import { neighbours } from '@whetstone/viewer/model/neighbours.ts';
import { step } from '@whetstone/viewer/model/step.ts';
import { describe, expect, test } from 'vitest';

/** Call paths drawn as `main;parse 30`; functions are numbered as they come. */
function treeOf(...paths: string[]) {
  const names: string[] = [];
  const rows: { parent: number; fn: number; self: number }[] = [];
  for (const path of paths) {
    const [stack, self] = path.split(' ') as [string, string];
    let parent = -1;
    for (const name of stack.split(';')) {
      if (!names.includes(name)) names.push(name);
      const fn = names.indexOf(name);
      let row = rows.findIndex((known) => known.parent === parent && known.fn === fn);
      if (row < 0) row = rows.push({ parent, fn, self: 0 }) - 1;
      parent = row;
    }
    rows[parent]!.self += Number(self);
  }
  const nodes: NodeTable = {
    parent: Int32Array.from(rows, ({ parent }) => parent),
    function: Int32Array.from(rows, ({ fn }) => fn),
  };
  const tree = callTree(
    nodes,
    Float64Array.from(rows, ({ self }) => self),
  );
  return { tree, names, order: preorder(tree) };
}

/** Names and times around a function. */
function around(fn: string, ...paths: string[]) {
  const { tree, names, order } = treeOf(...paths);
  const { callers, callees } = neighbours(tree, tree.width, order, names.length, names.indexOf(fn));
  const named = (list: typeof callers) =>
    Object.fromEntries(list.map(({ function: f, time }) => [names[f] ?? 'program', time]));
  return { callers: named(callers), callees: named(callees) };
}

describe('visitOutermost', () => {
  test('counts recursion once', () => {
    const { tree, names, order } = treeOf('main;fib 10', 'main;fib;fib 20', 'main;fib;fib;fib 40');
    const total = names.map(() => 0);
    visitOutermost(
      tree,
      order,
      names.length,
      (box) => tree.function[box]!,
      (box, fn) => {
        total[fn]! += tree.width[box]!;
      },
    );
    expect(total).toEqual([70, 70]);
  });
});

describe('preorder', () => {
  test('lists what a box contains right behind it', () => {
    const { tree, order } = treeOf('a;b 1', 'a;c;d 5', 'e 2');
    expect([...order.order].map((box) => tree.function[box])).toEqual([-1, 0, 2, 3, 1, 4]);
    expect([...order.size].slice(0, 2)).toEqual([6, 4]);
  });
});

describe('neighbours', () => {
  test('are callers and callees with their time', () => {
    expect(around('parse', 'main;parse 5', 'main;parse;split 20', 'test;parse;split 3')).toEqual({
      callers: { main: 25, test: 3 },
      callees: { split: 23 },
    });
  });

  test('name the program for a function that nothing called', () => {
    expect(around('main', 'main 5').callers).toEqual({ program: 5 });
  });

  test('count a call inside another call of the same two functions once', () => {
    expect(around('a', 'a;b 1', 'a;b;a;b 10')).toEqual({
      callers: { program: 11, b: 10 },
      callees: { b: 11 },
    });
  });
});

describe('step', () => {
  test('goes to the caller, the largest callee and the neighbours, and stays at the edges', () => {
    const { tree, names } = treeOf('main;big 10', 'main;small 2');
    const box = (name: string) => tree.function.indexOf(names.indexOf(name));
    expect(step(tree, box('main'), 'down')).toBe(box('big'));
    expect(step(tree, box('big'), 'right')).toBe(box('small'));
    expect(step(tree, box('small'), 'left')).toBe(box('big'));
    expect(step(tree, box('big'), 'left')).toBe(box('big'));
    expect(step(tree, box('small'), 'right')).toBe(box('small'));
    expect(step(tree, box('small'), 'down')).toBe(box('small'));
    expect(step(tree, box('small'), 'up')).toBe(box('main'));
  });
});
