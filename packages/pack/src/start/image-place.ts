import { type ByteSource, readChecked } from '../byte-source.ts';
import { type PackHeader, readHeader } from '../file/header.ts';
import { PackError } from '../pack-error.ts';

/**
 * Where an image stands in its file: a pack that was read, or the offset of an image that has no tree
 * of hashes (a XAR), of which nothing can be verified.
 */
export type ImagePlace = PackHeader | { readonly imageOffset: number };

const xarFirstLine = '#!/usr/bin/env xarexec_fuse\n';
/** What `xarexec_fuse` reads of a header. */
const xarHeaderLimit = 4096;

/**
 * Finds the image of a pack or of a XAR; nothing of either is executed.
 *
 * @throws {@link PackError} `PACK_NOT_A_PACK` for another file, and all that `readHeader` throws
 */
export function imagePlace(source: ByteSource): ImagePlace {
  const start = Buffer.from(
    readChecked(source, 0, Math.min(source.size, xarHeaderLimit), 'PACK_NOT_A_PACK', 'The header'),
  ).toString('latin1');
  if (!start.startsWith(xarFirstLine)) return readHeader(source);
  const offset = /^OFFSET="?([1-9][0-9]{0,14})"?$/m.exec(start)?.[1];
  if (offset === undefined || Number(offset) >= source.size)
    throw new PackError('PACK_HEADER_DAMAGED', 'It is a XAR whose OFFSET names no place in the file.');
  return { imageOffset: Number(offset) };
}

/** The driver's options that name the place. */
export function placeOptions(place: ImagePlace): readonly string[] {
  if (!('root' in place)) return ['--image', String(place.imageOffset)];
  const { imageOffset, imageSize, treeOffset, treeSize, sealOffset, root } = place;
  const image = `${imageOffset}:${imageSize}`;
  const tree = `${treeOffset}:${treeSize}`;
  return ['--image', image, '--tree', tree, '--seal', String(sealOffset), '--root', root];
}
