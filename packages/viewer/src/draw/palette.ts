import { categories, type Category } from '@whetstone/profile';
import { shadesPerCategory } from '../model/shade.ts';

export type Theme = 'light' | 'dark';

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** What pictures are painted with in one theme. */
export interface Palette {
  readonly theme: Theme;
  readonly background: Colour;
  /** Text, on every box and on the background. */
  readonly ink: Colour;
  readonly muted: Colour;
  /** Lines between things. */
  readonly line: Colour;
  /** The outline of what is selected. */
  readonly accent: Colour;
  /** The slanting lines over waiting. */
  readonly hatch: Colour;
  /** Filling of the box that stands for the whole. */
  readonly whole: Colour;
  /** By colour number: category × {@link shadesPerCategory} + shade, then {@link whole}. */
  readonly boxes: readonly Colour[];
  /** The same for what a search did not find. */
  readonly dimmed: readonly Colour[];
}

/**
 * Hue and strength are the category's, and never mean anything else. `lift` keeps categories apart for
 * eyes that see the hues alike.
 */
const hues: Readonly<Record<Category, { hue: number; chroma: number; lift: number }>> = {
  own: { hue: 264, chroma: 0.1, lift: -0.057 },
  dependency: { hue: 172, chroma: 0.092, lift: 0 },
  runtime: { hue: 271, chroma: 0.008, lift: -0.068 },
  native: { hue: 79, chroma: 0.11, lift: 0.045 },
  collector: { hue: 42, chroma: 0.106, lift: -0.045 },
  waiting: { hue: 286, chroma: 0.038, lift: 0.058 },
  idle: { hue: 0, chroma: 0, lift: 0 },
};

/** Small boxes step back: part of the strength that a box keeps, by size. */
const strength = [0.68, 0.86, 1];

/** Lightness of a box by size, the smallest first; odd rows are shifted by `row`. */
const lightness = {
  light: { sizes: [0.885, 0.845, 0.795], row: 0.016 },
  dark: { sizes: [0.375, 0.43, 0.49], row: -0.018 },
} as const;

const grounds = {
  light: {
    background: [255, 255, 255],
    ink: [23, 25, 28],
    muted: [92, 98, 106],
    line: [221, 224, 228],
    accent: [16, 20, 24],
    hatch: [196, 190, 205],
    whole: [236, 238, 240],
  },
  dark: {
    background: [22, 24, 27],
    ink: [238, 240, 242],
    muted: [157, 164, 172],
    line: [52, 56, 62],
    accent: [255, 255, 255],
    hatch: [76, 71, 84],
    whole: [40, 44, 49],
  },
} as const;

/** Part of its own colour that a box keeps when a search did not find it. */
const dimmedPart = 0.2;

/** What pictures are painted with, by theme. */
export const palettes: Readonly<Record<Theme, Palette>> = {
  light: paletteOf('light'),
  dark: paletteOf('dark'),
};

function paletteOf(theme: Theme): Palette {
  const ground = grounds[theme];
  const { sizes, row } = lightness[theme];
  const boxes = categories.flatMap((category) => {
    const { hue, chroma, lift } = hues[category];
    return Array.from({ length: shadesPerCategory }, (_, shade): Colour => {
      // Idling is nothing, so it has the background's colour.
      if (category === 'idle') return ground.background;
      const light = sizes[shade >> 1]! + (shade & 1) * row + lift * (theme === 'light' ? 1 : 0.8);
      return fromOklch(light, chroma * strength[shade >> 1]! * (theme === 'light' ? 1 : 0.85), hue);
    });
  });
  boxes.push(ground.whole);
  return { theme, ...ground, boxes, dimmed: boxes.map((box) => mix(ground.background, box, dimmedPart)) };
}

/** The colour that stands for a category in legends, bars and strips. */
export function categoryColour({ boxes }: Palette, category: number): Colour {
  return boxes[category * shadesPerCategory + 4]!;
}

/** As CSS writes it. */
export function css([red, green, blue]: Colour): string {
  return `rgb(${red} ${green} ${blue})`;
}

/** As a pixel of an image, whose bytes are red, green, blue and opacity on the usual little-endian machines. */
export function pixelOf([red, green, blue]: Colour): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `part` 0 is the first colour, 1 the second. */
export function mix(a: Colour, b: Colour, part: number): Colour {
  const one = (i: 0 | 1 | 2) => Math.round(a[i] + (b[i] - a[i]) * part);
  return [one(0), one(1), one(2)];
}

/** @see https://bottosson.github.io/posts/oklab/ */
function fromOklch(light: number, chroma: number, hue: number): Colour {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function toByte(linear: number): number {
  const value = linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055;
  return Math.round(Math.min(1, Math.max(0, value)) * 255);
}
