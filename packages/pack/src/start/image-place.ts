import type { PackHeader } from '../file/header.ts';

/**
 * Where an image stands in its file: a pack that was read, or the offset of an image that has no tree
 * of hashes (a XAR), of which nothing can be verified.
 */
export type ImagePlace = PackHeader | { readonly imageOffset: number };

/** The driver's options that name the place. */
export function placeOptions(place: ImagePlace): readonly string[] {
  if (!('root' in place)) return ['--image', String(place.imageOffset)];
  const { imageOffset, imageSize, treeOffset, treeSize, sealOffset, root } = place;
  const image = `${imageOffset}:${imageSize}`;
  const tree = `${treeOffset}:${treeSize}`;
  return ['--image', image, '--tree', tree, '--seal', String(sealOffset), '--root', root];
}
