import type { CallTree } from './call-tree.ts';

/**
 * Sums over runs of boxes, so that any number of boxes under one pixel costs the same few steps.
 *
 * Level k has an entry for each 4^(k+1) boxes, counted from box 0. A run of boxes lies in one row, so
 * an entry that straddles two rows is never asked for.
 */
export interface Pyramid {
  readonly levels: readonly {
    /** The colour that covers most. */
    readonly colour: Uint8Array;
    /** Widths added up. */
    readonly covered: Float64Array;
  }[];
}

/** What a run of boxes looks like from afar. */
export interface Blend {
  colour: number;
  covered: number;
}

/** Boxes or entries for each entry of the level above. */
const fan = 4;
const colourCount = 256;

/** `colour` is that of each box. */
export function pyramid(tree: CallTree, colour: Uint8Array): Pyramid {
  const levels = [];
  let below = { colour, covered: tree.width };
  const weight = new Float64Array(colourCount);
  while (below.colour.length > fan) {
    const count = Math.ceil(below.colour.length / fan);
    const level = { colour: new Uint8Array(count), covered: new Float64Array(count) };
    for (let i = 0; i < count; i++) {
      const end = Math.min(below.colour.length, (i + 1) * fan);
      let best = below.colour[i * fan]!;
      let sum = 0;
      for (let j = i * fan; j < end; j++) {
        sum += below.covered[j]!;
        const c = below.colour[j]!;
        weight[c]! += below.covered[j]!;
        if (weight[c]! > weight[best]!) best = c;
      }
      for (let j = i * fan; j < end; j++) weight[below.colour[j]!] = 0;
      level.colour[i] = best;
      level.covered[i] = sum;
    }
    levels.push(level);
    below = level;
  }
  return { levels };
}

/** Adds up the boxes [from, to) of one row into `result`, which is reused. */
export function blendOf(
  tree: CallTree,
  colour: Uint8Array,
  { levels }: Pyramid,
  from: number,
  to: number,
  result: Blend,
): void {
  let sum = 0;
  let best = -1;
  let bestCovered = -1;
  let low = from;
  let high = to;
  let shades: Uint8Array = colour;
  let covered: Float64Array = tree.width;
  // Takes what sticks out at both ends of each level, then climbs. Of the pieces, the one that covers
  // most gives its colour: exact enough for a pixel.
  for (let level = 0; ; level++) {
    const top = level >= levels.length;
    const end = top ? high : Math.min(high, Math.ceil(low / fan) * fan);
    for (; low < end; low++) {
      sum += covered[low]!;
      if (covered[low]! > bestCovered) {
        bestCovered = covered[low]!;
        best = shades[low]!;
      }
    }
    while (low < high && high % fan !== 0) {
      high--;
      sum += covered[high]!;
      if (covered[high]! > bestCovered) {
        bestCovered = covered[high]!;
        best = shades[high]!;
      }
    }
    if (low >= high) break;
    low /= fan;
    high /= fan;
    shades = levels[level]!.colour;
    covered = levels[level]!.covered;
  }
  result.colour = best;
  result.covered = sum;
}
