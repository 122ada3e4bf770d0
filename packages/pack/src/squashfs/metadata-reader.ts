import { type ByteSource, readChecked } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import { metadataSize, storedMetadata } from './layout.ts';
import type { MetadataPlace } from './metadata-writer.ts';

interface Block {
  readonly bytes: Uint8Array;
  /** Where the next block begins, in the table. */
  readonly next: number;
}

/** Blocks kept decompressed, at most: listings and inodes are read in runs. */
const keptBlocks = 64;

/** Reads a table of metadata, and nothing beyond its end. */
export class MetadataReader {
  readonly #source: ByteSource;
  readonly #decompress: (bytes: Uint8Array, limit: number) => Uint8Array;
  readonly #blocks = new Map<number, Block>();

  /** @param source the table alone */
  constructor(source: ByteSource, decompress: (bytes: Uint8Array, limit: number) => Uint8Array) {
    this.#source = source;
    this.#decompress = decompress;
  }

  /** Gives the bytes from a place on, each call the next ones. */
  from(place: MetadataPlace): (length: number) => DataView {
    let { block: at, offset } = place;
    return (length) => {
      const parts: Uint8Array[] = [];
      for (let left = length; left > 0;) {
        const block = this.#block(at);
        if (offset >= block.bytes.length) {
          // Only the last block of a table may be short of 8 KiB.
          if (offset > metadataSize || block.bytes.length < metadataSize)
            throw new PackError('PACK_IMAGE_DAMAGED', 'A table of the image ends too early.');
          offset -= block.bytes.length;
          at = block.next;
          continue;
        }
        const part = block.bytes.subarray(offset, offset + left);
        parts.push(part);
        offset += part.length;
        left -= part.length;
      }
      const bytes = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    };
  }

  #block(at: number): Block {
    const kept = this.#blocks.get(at);
    if (kept) return kept;
    const what = 'A block of metadata';
    const head = readChecked(this.#source, at, 2, 'PACK_IMAGE_DAMAGED', what);
    const word = head[0]! | (head[1]! << 8);
    const size = word & ~storedMetadata;
    if (size === 0 || size > metadataSize)
      throw new PackError('PACK_IMAGE_DAMAGED', `${what} says that it has ${size} bytes.`);
    const body = readChecked(this.#source, at + 2, size, 'PACK_IMAGE_DAMAGED', what);
    const bytes = (word & storedMetadata) !== 0 ? body : this.#decompress(body, metadataSize);
    const block: Block = { bytes, next: at + 2 + size };
    if (this.#blocks.size >= keptBlocks) this.#blocks.delete(this.#blocks.keys().next().value!);
    this.#blocks.set(at, block);
    return block;
  }
}
