import { categories } from '@whetstone/profile';
import { categoryColour, palettes, type Colour, type Palette } from '@whetstone/viewer/draw/palette.ts';
import { describe, expect, test } from 'vitest';

const linear = (byte: number) => (byte <= 10 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]: Colour) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);

/** As WCAG 2 defines it. */
function contrast(a: Colour, b: Colour): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, full strength. */
const deficiencies = {
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
  none: [1, 0, 0, 0, 1, 0, 0, 0, 1],
};

/** Distance in Oklab of two colours as an eye sees them. */
function distance(a: Colour, b: Colour, m: readonly number[]): number {
  const seen = (colour: Colour) => {
    const [r, g, b2] = colour.map(linear) as [number, number, number];
    const row = (i: number) => Math.max(0, m[i]! * r + m[i + 1]! * g + m[i + 2]! * b2);
    const [R, G, B] = [row(0), row(3), row(6)];
    const l = Math.cbrt(0.4122214708 * R + 0.5363325363 * G + 0.0514459929 * B);
    const k = Math.cbrt(0.2119034982 * R + 0.6806995451 * G + 0.1073969566 * B);
    const s = Math.cbrt(0.0883024619 * R + 0.2817188376 * G + 0.6299787005 * B);
    return [
      0.2104542553 * l + 0.793617785 * k - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * k + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * k - 0.808675766 * s,
    ];
  };
  const [x, y] = [seen(a), seen(b)];
  return Math.hypot(x[0]! - y[0]!, x[1]! - y[1]!, x[2]! - y[2]!);
}

describe.each(Object.values(palettes).map((palette) => [palette.theme, palette] as [string, Palette]))(
  'the %s palette',
  (_, palette) => {
    test('has text of a contrast of 4.5 and more on every box', () => {
      const grounds = [...palette.boxes, ...palette.dimmed, palette.hatch, palette.background, palette.whole];
      expect(Math.min(...grounds.map((ground) => contrast(ground, palette.ink)))).toBeGreaterThanOrEqual(4.5);
      expect(contrast(palette.background, palette.muted)).toBeGreaterThanOrEqual(4.5);
    });

    test.each(Object.entries(deficiencies))('tells the categories apart with %s', (_name, matrix) => {
      const drawn = categories.filter((category) => category !== 'idle');
      for (const [i, a] of drawn.entries()) {
        for (const b of drawn.slice(i + 1)) {
          const far = distance(
            categoryColour(palette, categories.indexOf(a)),
            categoryColour(palette, categories.indexOf(b)),
            matrix,
          );
          expect({ a, b, apart: far >= 0.05, far }).toMatchObject({ apart: true });
        }
      }
    });
  },
);
