import { categories, type Profile } from '@whetstone/profile';
import type { CallTree } from './call-tree.ts';

/** Shades of a category: three sizes of box, each for even and odd rows. */
export const shadesPerCategory = 6;

/** Colour number of box 0, which belongs to no category. */
export const wholeColour = categories.length * shadesPerCategory;

/** A box with a tenth of the time stands out, one with less than a hundredth steps back. */
const large = 0.1;
const middling = 0.01;

/**
 * Colour number of each box: category and shade.
 *
 * @param instead a category for each box that takes the place of its function's, -1 for none
 */
export function shades(profile: Profile, tree: CallTree, instead?: Int8Array): Uint8Array {
  const { category } = profile.functions;
  const colour = new Uint8Array(tree.width.length);
  colour[0] = wholeColour;
  const whole = tree.width[0]!;
  for (let row = 1; row < tree.rows.length - 1; row++) {
    for (let box = tree.rows[row]!; box < tree.rows[row + 1]!; box++) {
      const share = tree.width[box]! / whole;
      const size = share >= large ? 2 : share >= middling ? 1 : 0;
      const other = instead?.[box] ?? -1;
      const shown = other >= 0 ? other : category[tree.function[box]!]!;
      colour[box] = shown * shadesPerCategory + size * 2 + (row & 1);
    }
  }
  return colour;
}
