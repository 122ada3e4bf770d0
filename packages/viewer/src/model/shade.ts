import type { Profile } from '@whetstone/profile';
import type { CallTree } from './call-tree.ts';

/** Shades of a category: three sizes of box, each for even and odd rows. */
export const shadesPerCategory = 6;

/** A box with a tenth of the time stands out, one with less than a hundredth steps back. */
const large = 0.1;
const middling = 0.01;

/** Colour number of each box: category and shade. Box 0 has 0, and is drawn by itself. */
export function shades(profile: Profile, tree: CallTree): Uint8Array {
  const { category } = profile.functions;
  const colour = new Uint8Array(tree.width.length);
  const whole = tree.width[0]!;
  for (let row = 1; row < tree.rows.length - 1; row++) {
    for (let box = tree.rows[row]!; box < tree.rows[row + 1]!; box++) {
      const share = tree.width[box]! / whole;
      const size = share >= large ? 2 : share >= middling ? 1 : 0;
      colour[box] = category[tree.function[box]!]! * shadesPerCategory + size * 2 + (row & 1);
    }
  }
  return colour;
}
