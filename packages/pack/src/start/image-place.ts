import type { ByteSource } from '../byte-source.ts';
import { type PackHeader, readHeader } from '../file/header.ts';
import { isXar, readXarHeader } from '../xar/xar-header.ts';

/**
 * Where an image stands in its file: a pack that was read, or the offset of an image that has no tree
 * of hashes (a XAR), of which nothing can be verified.
 */
export type ImagePlace = PackHeader | { readonly imageOffset: number };

/**
 * Finds the image of a pack or of a XAR; nothing of either is executed.
 *
 * @throws {@link PackError} `PACK_NOT_A_PACK` for another file, and all that `readHeader` throws
 */
export function imagePlace(source: ByteSource): ImagePlace {
  return isXar(source) ? { imageOffset: readXarHeader(source).offset } : readHeader(source);
}

/** The driver's options that name the place. */
export function placeOptions(place: ImagePlace): readonly string[] {
  if (!('root' in place)) return ['--image', String(place.imageOffset)];
  const { imageOffset, imageSize, treeOffset, treeSize, sealOffset, root } = place;
  const image = `${imageOffset}:${imageSize}`;
  const tree = `${treeOffset}:${treeSize}`;
  return ['--image', image, '--tree', tree, '--seal', String(sealOffset), '--root', root];
}
