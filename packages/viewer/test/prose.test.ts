import { Prose } from '@whetstone/viewer/shell/prose.tsx';
import type { VNode } from 'preact';
import { describe, expect, test } from 'vitest';

/** What a text becomes, tags and text. */
function drawn(node: unknown): string {
  if (Array.isArray(node)) return node.map(drawn).join('');
  if (typeof node !== 'object' || node === null) return String(node);
  const { type, props } = node as VNode<{ children?: unknown }>;
  const inside = drawn(props.children ?? '');
  return typeof type === 'string' ? `[${type} ${inside}]` : inside;
}

const inline = (text: string) => drawn(Prose({ text, inline: true }));

describe('Prose', () => {
  test.each([
    ['`db.ts:3` took **4 s**', '[code db.ts:3] took [strong 4 s]'],
    ['`` a`b `` and ` c `', '[code a`b] and [code c]'],
    [String.raw`\*\*not strong\*\*, a\_b \<img\>`, '**not strong**, a_b <img>'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
    ['a ` alone', 'a ` alone'],
  ])('reads %s', (text, expected) => {
    expect(inline(text)).toBe(expected);
  });

  test('reads paragraphs and lists', () => {
    expect(drawn(Prose({ text: 'One\nline.\n\n- first\n- second\n' }))).toBe(
      '[div [p One line.][ul [li first][li second]]]',
    );
  });
});
