import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PackedBlock } from './data-writer.ts';
import type { ImageFile } from './image-tree.ts';
import { storedBlock } from './layout.ts';

/** Files from this size on are kept compressed, bytes: a runtime takes half a minute, all else a moment. */
const keptFrom = 8 * 1024 * 1024;

/** All that is kept may have so many bytes: some dozen runtimes. */
const bytesKept = 1024 ** 3;

const day = 24 * 60 * 60 * 1000;
/** What no build used for so long goes, milliseconds. */
const unusedKept = 60 * day;
/** A build that was ended left its half-written file behind, milliseconds. */
const partialKept = day;

/**
 * Keeps the compressed blocks of large files between builds, by the hash of the file and the compressor's name.
 *
 * It takes a gibibyte at most: what was used longest ago goes, and all that no build used for sixty days. Builds may
 * share it: files come in whole by a rename, are read whole, and one that is gone is compressed again.
 *
 * A file of it is: sha256 of the rest (32 bytes), a u32 for each block as in an inode, the blocks.
 */
export class BlockCache {
  readonly #folder: string;

  /** @param folder made when something is kept, for its owner alone; nothing else may stand in it */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** True for a file large enough. */
  takes(file: ImageFile): boolean {
    return file.size >= keptFrom;
  }

  /** The blocks of a file of this hash and size, or `undefined` where none are kept or they are damaged. */
  async read(key: BlockKey, size: number): Promise<PackedBlock[] | undefined> {
    const file = this.#file(key);
    const bytes = await readFile(file).catch(() => undefined);
    const count = Math.ceil(size / key.blockSize);
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
    if (at !== body.length) return undefined;
    const now = new Date();
    await utimes(file, now, now).catch(() => {});
    return blocks;
  }

  /** Keeps blocks; a disk that is full or read-only only costs the next build its time. */
  async write(key: BlockKey, size: number, blocks: readonly PackedBlock[]): Promise<void> {
    if (blocks.length !== Math.ceil(size / key.blockSize)) return;
    const words = Buffer.alloc(4 * blocks.length);
    for (const [index, { bytes, stored }] of blocks.entries())
      words.writeUInt32LE(bytes.length | (stored ? storedBlock : 0), 4 * index);
    const body = Buffer.concat([words, ...blocks.map(({ bytes }) => bytes)]);
    const check = createHash('sha256').update(body).digest();
    const file = this.#file(key);
    const partial = `${file}.${process.pid}`;
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(partial, Buffer.concat([check, body]), { mode: 0o600 });
      await rename(partial, file);
      await this.#tidy(file);
    } catch {
      await rm(partial, { force: true }).catch(() => {});
    }
  }

  /** Takes away what is too old and too much, but not the file that was just written. */
  async #tidy(fresh: string): Promise<void> {
    const now = Date.now();
    const kept: { readonly file: string; readonly size: number; readonly used: number }[] = [];
    for (const name of await readdir(this.#folder)) {
      const file = path.join(this.#folder, name);
      // Another build may take it away, or still be writing it.
      const stats = await stat(file).catch(() => undefined);
      if (!stats?.isFile() || file === fresh) continue;
      if (!/\.\d+$/.test(name)) kept.push({ file, size: stats.size, used: stats.mtimeMs });
      else if (now - stats.mtimeMs > partialKept) await rm(file, { force: true });
    }
    let left = bytesKept - (await stat(fresh)).size;
    for (const { file, size, used } of kept.toSorted((a, b) => b.used - a.used)) {
      left -= size;
      if (left < 0 || now - used > unusedKept) await rm(file, { force: true });
    }
  }

  #file({ hash, compressor, blockSize }: BlockKey): string {
    return path.join(this.#folder, `${hash}-${compressor}-${blockSize}`);
  }
}

/** Which blocks are meant. */
export interface BlockKey {
  /** Of the file's content, hexadecimal. */
  readonly hash: string;
  /** {@link Compressor.name} */
  readonly compressor: string;
  readonly blockSize: number;
}
