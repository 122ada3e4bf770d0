import { FigureTable } from '@whetstone/viewer/shell/figure-table.tsx';
import type { VNode } from 'preact';
import { describe, expect, test } from 'vitest';

/** What a table becomes: its elements with what marks them, and text. */
function drawn(node: unknown): string {
  if (Array.isArray(node)) return node.map(drawn).join('');
  if (typeof node !== 'object' || node === null) return String(node === false ? '' : node);
  const { type, props } = node as VNode<Record<string, unknown>>;
  const marks = ['scope', 'class', 'title', 'aria-current']
    .filter((name) => props[name] !== undefined)
    .map((name) => ` ${name}=${String(props[name])}`);
  return `[${type as string}${marks.join('')}: ${drawn(props.children)}]`;
}

const rows = [
  { name: 'parse', time: 40 },
  { name: 'split', time: 2 },
];

describe('FigureTable', () => {
  test('has a head and a cell of the same kind for each column that is there', () => {
    const table = FigureTable({
      rows,
      columns: [
        { kind: 'wide', title: 'function', cell: ({ name }) => name },
        { kind: 'number', title: 'self', meaning: 'Without callees', cell: ({ time }) => time },
        false,
      ],
    });
    expect(drawn(table)).toBe(
      '[table class=figures: [thead: [tr: [th scope=col class=wide: function]' +
        '[th scope=col class=number title=Without callees: self]]]' +
        '[tbody: [tr: [td class=wide: parse][td class=number: 40]]' +
        '[tr: [td class=wide: split][td class=number: 2]]]]',
    );
  });

  test('has no head where no column has a title', () => {
    const table = FigureTable({ rows, columns: [{ kind: 'number', cell: ({ time }) => time }] });
    expect(drawn(table)).not.toContain('thead');
  });

  test('gives rows heads and attributes of their own', () => {
    const table = FigureTable({
      rows,
      attributes: ({ time }) => ({ 'aria-current': time > 10 ? 'true' : undefined }),
      columns: [{ kind: 'head', title: '', cell: ({ name }) => name }],
    });
    expect(drawn(table)).toContain(
      '[tbody: [tr aria-current=true: [th scope=row: parse]][tr: [th scope=row: split]]]',
    );
  });
});
