import { describe, expect, test } from 'vitest';
import { cutEnd, cutMiddle, padded, textWidth, wrapped } from '../../src/terminal/text-width.ts';
import { safeText } from '../../src/terminal/safe-text.ts';
import { markdownText } from '../../src/terminal/markdown-text.ts';

test.each([
  ['parse', 5],
  ['é', 1],
  ['e\u0301', 1],
  ['解析', 4],
  ['ｆ', 2],
  ['한', 2],
  ['🚀', 2],
  ['█▒░·', 4],
])('%s is %i columns wide', (text, width) => expect(textWidth(text)).toBe(width));

describe('cutting', () => {
  test('takes the end of a text, and never half of a wide character', () => {
    expect(cutEnd('const parts', 8, '…')).toBe('const p…');
    expect(cutEnd('解析解析', 6, '…')).toBe('解析…');
    expect(textWidth(cutEnd('解析解析', 6, '…'))).toBe(5);
  });

  test.each([
    ['src/lib/deep/parse.ts:84', 20, 'src/lib…/parse.ts:84'],
    ['src/lib/deep/parse.ts:84', 14, '…/parse.ts:84'],
    ['src/lib/deep/parse.ts:84', 10, 'src….ts:84'],
    ['parse.ts:84', 11, 'parse.ts:84'],
  ])('takes the middle of the path %s in %i columns', (path, width, cut) => {
    expect(cutMiddle(path, width, '…')).toBe(cut);
    expect(textWidth(cut)).toBeLessThanOrEqual(width);
  });
});

test('pads by columns, not by characters', () => {
  expect(padded('解', 4, 'left')).toBe('解  ');
  expect(padded('解', 4, 'right')).toBe('  解');
});

test('wraps at words, and breaks those that are too long', () => {
  expect(wrapped('one two threefourfive', 8)).toEqual(['one two', 'threefou', 'rfive']);
  expect(wrapped('解析解析', 3)).toEqual(['解', '析', '解', '析']);
  expect(wrapped('it took 134 ms of 2 minutes', 12)).toEqual(['it took', '134 ms of 2', 'minutes']);
});

test.each([
  ['\x1b[31mred\x1b[0m', String.raw`\x1b[31mred\x1b[0m`],
  ['a\r\nb', String.raw`a\x0d\x0ab`],
  ['\u202egpj.exe', String.raw`\u{202e}gpj.exe`],
  ['\u009b31m', String.raw`\x9b31m`],
  ['\ud800', String.raw`\u{d800}`],
  ['\ta', '  a'],
  ['naïve 解', 'naïve 解'],
])('shows %j as %j', (text, shown) => expect(safeText(text)).toBe(shown));

test('shows what is not ASCII where only ASCII can be shown', () => {
  expect(safeText('naïve 解', false)).toBe(String.raw`na\xefve \u{89e3}`);
});

test.each([
  ['a `b*c` **d**', 'a b*c d'],
  [String.raw`\_x\_ \<b\>`, '_x_ <b>'],
  ['`` a`b ``', 'a`b'],
  ['open ` tick', 'open ` tick'],
])('reads Markdown %j as %j', (markdown, text) => expect(markdownText(markdown)).toBe(text));
