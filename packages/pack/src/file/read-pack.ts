import { createHash } from 'node:crypto';
import { type ByteSource, readChecked, sourcePart } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import { headBytes, type PackHeader, readHeader } from './header.ts';
import { readSeal, type Seal } from './seal.ts';
import { checkImage, treeSize, verifiedImage } from './tree.ts';

/** A pack that was opened. */
export interface Pack {
  readonly header: PackHeader;
  readonly seal: Seal;
  /** The image; each block is compared with the tree as it is read. */
  readonly image: ByteSource;
}

/**
 * Opens a pack without executing anything of it. Header, seal and tree fit together afterwards; of the image only
 * what is read is checked, and of header and driver nothing: {@link checkPack} does all.
 *
 * @throws {@link PackError}
 */
export function readPack(source: ByteSource): Pack {
  const header = readHeader(source);
  const seal = readSeal(source, header);
  if (header.treeSize !== treeSize(header.imageSize))
    throw new PackError('PACK_HEADER_DAMAGED', `The tree of hashes cannot have ${header.treeSize} bytes.`);
  const tree = readChecked(source, header.treeOffset, header.treeSize, 'PACK_HEADER_DAMAGED', 'The tree');
  const image = sourcePart(source, header.imageOffset, header.imageSize);
  return { header, seal, image: verifiedImage(image, tree, header.root) };
}

/**
 * Compares every byte of a pack with what was built: the head, the tree, the image. Signatures are
 * {@link signersOf}'s.
 *
 * @throws {@link PackError} `PACK_HASH_WRONG` and all that {@link readPack} throws
 */
export function checkPack(source: ByteSource): Pack {
  const pack = readPack(source);
  const head = headBytes(source, pack.header);
  if (createHash('sha256').update(head).digest('hex') !== pack.seal.head)
    throw new PackError('PACK_HASH_WRONG', 'The header or the driver is not as it was built.');
  checkImage(pack.image);
  return pack;
}
