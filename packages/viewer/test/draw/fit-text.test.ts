import { fitText } from '@whetstone/viewer/draw/fit-text.ts';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

/** Every character is 10 wide. */
const width = (text: string) => [...text].length * 10;

describe('fitText', () => {
  test('leaves a text that fits', () => {
    expect(fitText('parse', 50, width)).toBe('parse');
  });

  test('cuts at the end of a word where that costs little', () => {
    expect(fitText('parse rows', 80, width)).toBe('parse…');
    expect(fitText('getTypeOfNode', 90, width)).toBe('getType…');
    expect(fitText('deoptimisation', 90, width)).toBe('deoptimi…');
  });

  test('is empty where fewer than three characters are left', () => {
    expect(fitText('parse', 30, width)).toBe('');
    expect(fitText('parse', 40, width)).toBe('par…');
  });

  test('always fits, and begins as the text does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(300), (text, room) => {
        const cut = fitText(text, room, width);
        expect(width(cut)).toBeLessThanOrEqual(Math.max(room, 0));
        expect(text.startsWith(cut.replace(/…$/, ''))).toBe(true);
      }),
    );
  });
});
