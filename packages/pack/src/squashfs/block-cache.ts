import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackedBlock } from './data-writer.ts';
import type { ImageFile } from './image-tree.ts';
import { blockSize, storedBlock } from './layout.ts';

/** Files from this size on are kept compressed, bytes: a runtime takes half a minute, all else a moment. */
const keptFrom = 8 * 1024 * 1024;

/**
 * Keeps the compressed blocks of large files between builds, by the hash of the file and the compressor's name.
 *
 * A file of it is: sha256 of the rest (32 bytes), a u32 for each block as in an inode, the blocks.
 */
export class BlockCache {
  readonly #folder: string;

  /** @param folder made when something is kept, for its owner alone */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** True for a file large enough. */
  takes(file: ImageFile): boolean {
    return file.size >= keptFrom;
  }

  /** The blocks, or `undefined` where none are kept or they are damaged. */
  async read(hash: string, compressor: string, size: number): Promise<PackedBlock[] | undefined> {
    const bytes = await readFile(this.#file(hash, compressor)).catch(() => undefined);
    const count = Math.ceil(size / blockSize);
    if (!bytes || bytes.length < 32 + 4 * count) return undefined;
    const body = bytes.subarray(32);
    if (!createHash('sha256').update(body).digest().equals(bytes.subarray(0, 32))) return undefined;
    const blocks: PackedBlock[] = [];
    let at = 4 * count;
    for (let index = 0; index < count; index += 1) {
      const word = body.readUInt32LE(4 * index);
      const length = word & ~storedBlock;
      blocks.push({ bytes: body.subarray(at, at + length), stored: (word & storedBlock) !== 0 });
      at += length;
    }
    return at === body.length ? blocks : undefined;
  }

  /** Keeps blocks; a disk that is full or read-only only costs the next build its time. */
  async write(hash: string, compressor: string, size: number, blocks: readonly PackedBlock[]): Promise<void> {
    if (blocks.length !== Math.ceil(size / blockSize)) return;
    const words = Buffer.alloc(4 * blocks.length);
    for (const [index, { bytes, stored }] of blocks.entries())
      words.writeUInt32LE(bytes.length | (stored ? storedBlock : 0), 4 * index);
    const body = Buffer.concat([words, ...blocks.map(({ bytes }) => bytes)]);
    const check = createHash('sha256').update(body).digest();
    const file = this.#file(hash, compressor);
    const partial = `${file}.${process.pid}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(partial, Buffer.concat([check, body]), { mode: 0o600 });
      await rename(partial, file);
    } catch {
      await rm(partial, { force: true }).catch(() => {});
    }
  }

  #file(hash: string, compressor: string): string {
    return path.join(this.#folder, `${hash}-${compressor}`);
  }
}
