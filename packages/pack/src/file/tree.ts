import { createHash } from 'node:crypto';
import { type ByteSource, readChecked } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';

/** Bytes of a block of the image, and of a node of the tree. */
const treeBlock = 16_384;
const hashSize = 32;
const hashesPerNode = treeBlock / hashSize;
const leafMark = Uint8Array.of(0);
const nodeMark = Uint8Array.of(1);

/** The Merkle tree of an image. */
export interface Tree {
  /** All levels, as they stand in the file. */
  readonly bytes: Uint8Array;
  /** 64 hexadecimal digits. */
  readonly root: string;
}

/** Hashes an image block by block, and the hashes up to the root. */
export function treeOf(image: ByteSource): Tree {
  const leaves = Buffer.alloc(hashSize * blockCount(image.size));
  for (let row = 0; row * hashSize < leaves.length; row += 1)
    leaves.set(hashOf(leafMark, imageBlock(image, row)), row * hashSize);
  const levels: Buffer[] = [leaves];
  for (let level: Buffer = leaves; level.length > hashSize;) {
    level = nextLevel(level);
    levels.push(level);
  }
  return { bytes: Buffer.concat(levels), root: rootOf(image.size, levels.at(-1)!) };
}

/** Bytes of the tree of an image with this size. */
export function treeSize(imageSize: number): number {
  let size = 0;
  let count = blockCount(imageSize);
  for (;;) {
    size += hashSize * count;
    if (count === 1) return size;
    count = Math.ceil(count / hashesPerNode);
  }
}

/**
 * An image whose blocks are compared with the tree as they are read.
 *
 * The tree is checked up to the root at once: it is a five-hundredth of the image.
 *
 * @throws {@link PackError} `PACK_HASH_WRONG`, here and when reading
 */
export function verifiedImage(image: ByteSource, tree: Uint8Array, root: string): ByteSource {
  const leaves = checkedLeaves(image.size, tree, root);
  return {
    size: image.size,
    read(offset, length) {
      const first = Math.floor(offset / treeBlock);
      const last = Math.max(first, Math.ceil((offset + length) / treeBlock) - 1);
      const blocks: Uint8Array[] = [];
      for (let row = first; row <= last && row * treeBlock < image.size; row += 1) {
        const block = imageBlock(image, row);
        const expected = leaves.subarray(row * hashSize, (row + 1) * hashSize);
        if (!hashOf(leafMark, block).equals(expected))
          throw new PackError(
            'PACK_HASH_WRONG',
            `The image is not as it was built: bytes ${row * treeBlock} to ${row * treeBlock + block.length - 1} of it differ.`,
          );
        blocks.push(block);
      }
      const from = offset - first * treeBlock;
      return Buffer.concat(blocks).subarray(from, from + length);
    },
  };
}

/** Reads each block once; throws at the first that differs. */
export function checkImage(image: ByteSource): void {
  for (let at = 0; at < image.size; at += treeBlock) image.read(at, Math.min(treeBlock, image.size - at));
}

function checkedLeaves(imageSize: number, tree: Uint8Array, root: string): Uint8Array {
  const wrong = () =>
    new PackError(
      'PACK_HASH_WRONG',
      'The tree of hashes is not as it was built: it does not lead to the root.',
    );
  if (tree.length !== treeSize(imageSize)) throw wrong();
  const leaves = tree.subarray(0, hashSize * blockCount(imageSize));
  let level: Uint8Array = leaves;
  for (let at = leaves.length; level.length > hashSize;) {
    const next = nextLevel(level);
    if (!next.equals(tree.subarray(at, at + next.length))) throw wrong();
    at += next.length;
    level = next;
  }
  if (rootOf(imageSize, level) !== root) throw wrong();
  return leaves;
}

function nextLevel(level: Uint8Array): Buffer {
  const hashes: Buffer[] = [];
  for (let at = 0; at < level.length; at += treeBlock)
    hashes.push(hashOf(nodeMark, level.subarray(at, at + treeBlock)));
  return Buffer.concat(hashes);
}

function rootOf(imageSize: number, top: Uint8Array): string {
  const sizes = Buffer.alloc(12);
  sizes.writeBigUInt64LE(BigInt(imageSize), 0);
  sizes.writeUInt32LE(treeBlock, 8);
  return createHash('sha256').update('whetstone-pack-root-1\n').update(sizes).update(top).digest('hex');
}

function imageBlock(image: ByteSource, row: number): Uint8Array {
  const at = row * treeBlock;
  return readChecked(image, at, Math.min(treeBlock, image.size - at), 'PACK_IMAGE_DAMAGED', 'A block');
}

function blockCount(imageSize: number): number {
  return Math.ceil(imageSize / treeBlock);
}

function hashOf(mark: Uint8Array, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(mark).update(bytes).digest();
}
