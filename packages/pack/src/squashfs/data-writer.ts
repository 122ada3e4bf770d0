import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { PackError } from '../pack-error.ts';
import type { BlockCache } from './block-cache.ts';
import type { ImageFile } from './image-tree.ts';
import { none32, storedBlock } from './layout.ts';
import type { Compressor } from './zstd.ts';

/** Where the content of a file stands in an image. */
export interface FileData {
  /** From the start of the image, bytes. */
  start: number;
  /** The size of each block as stored, with {@link storedBlock} where it is not compressed. */
  readonly blocks: number[];
  /** Row of the fragment table, or {@link none32}. */
  fragment: number;
  /** Where in the fragment. */
  offset: number;
}

/** A block with the ends of files in it. */
export interface Fragment {
  start: number;
  size: number;
}

export interface DataOptions {
  readonly compressor: Compressor;
  /** Bytes of content that are compressed together: a power of two, 4 KiB to 1 MiB. */
  readonly blockSize: number;
  readonly cache?: BlockCache | undefined;
  /** Called with the bytes of content done so far, compressed or not. */
  readonly progress?: ((done: number) => void) | undefined;
}

/** Blocks that are compressed at once, at most: it bounds the memory, not the threads. */
const blocksAtOnce = 32;

/** Writes the contents of files as blocks and fragments, in the order given. Equal files share theirs. */
export class DataWriter {
  readonly fragments: Fragment[] = [];
  /** Bytes written so far, and so where the next block goes, from the start of the image. */
  position: number;
  readonly #out: FileHandle;
  readonly #imageOffset: number;
  readonly #options: DataOptions;
  readonly #fragment: Uint8Array;
  #fragmentSize = 0;
  #waiting: Promise<void>[] = [];
  #tail: Promise<void> = Promise.resolve();
  readonly #bySize = new Map<number, { file: ImageFile; data: FileData; hash?: string }[]>();
  #done = 0;

  constructor(out: FileHandle, imageOffset: number, position: number, options: DataOptions) {
    this.#out = out;
    this.#imageOffset = imageOffset;
    this.position = position;
    this.#options = options;
    this.#fragment = new Uint8Array(options.blockSize);
  }

  /** The places are filled in when {@link finish} has ended. */
  async add(file: ImageFile): Promise<FileData> {
    const data: FileData = { start: 0, blocks: [], fragment: none32, offset: 0 };
    if (file.size === 0) {
      if (typeof file.content !== 'string' || (await contentOf(file, 1)).length === 0) return data;
      throw changed(file);
    }
    const twin = await this.#twin(file, data);
    if (twin) {
      this.#report(file.size);
      return twin;
    }
    // The last block of a file of several is short rather than in a fragment: read on, it is beside the others.
    if (file.size < this.#options.blockSize) {
      await this.#addToFragment(file, data);
      this.#report(file.size);
    } else await this.#addBlocks(file, data);
    return data;
  }

  async finish(): Promise<void> {
    if (this.#fragmentSize > 0) await this.#flushFragment();
    await this.#tail;
  }

  async #addToFragment(file: ImageFile, data: FileData): Promise<void> {
    const bytes = await contentOf(file, file.size + 1);
    if (bytes.length !== file.size) throw changed(file);
    if (this.#fragmentSize + bytes.length > this.#fragment.length) await this.#flushFragment();
    data.fragment = this.fragments.length;
    data.offset = this.#fragmentSize;
    this.#fragment.set(bytes, this.#fragmentSize);
    this.#fragmentSize += bytes.length;
  }

  async #flushFragment(): Promise<void> {
    const fragment: Fragment = { start: 0, size: 0 };
    this.fragments.push(fragment);
    const plain = this.#fragment.slice(0, this.#fragmentSize);
    this.#fragmentSize = 0;
    await this.#append(packed(plain, this.#options.compressor), (start, size) => {
      fragment.start = start;
      fragment.size = size;
    });
  }

  async #addBlocks(file: ImageFile, data: FileData): Promise<void> {
    const { compressor, cache, blockSize } = this.#options;
    const place = (index: number) => (start: number, size: number) => {
      if (index === 0) data.start = start;
      data.blocks[index] = size;
    };
    const key = cache?.takes(file)
      ? { hash: await hashOf(file, blockSize), compressor: compressor.name, blockSize }
      : undefined;
    const kept = key && (await cache!.read(key, file.size));
    if (kept) {
      for (const [index, block] of kept.entries()) await this.#append(Promise.resolve(block), place(index));
      this.#report(file.size);
      return;
    }
    const blocks: Promise<PackedBlock>[] = [];
    for await (const plain of blocksOf(file, blockSize)) {
      const block = packed(plain, compressor);
      if (key) blocks.push(block);
      await this.#append(block, place(data.blocks.length));
      data.blocks.push(0);
      this.#report(plain.length);
    }
    if (key) await cache!.write(key, file.size, await Promise.all(blocks));
  }

  /** Writes a block behind those that were given before, as soon as it is compressed and they are written. */
  async #append(block: Promise<PackedBlock>, placed: (start: number, size: number) => void): Promise<void> {
    const before = this.#tail;
    this.#tail = (async () => {
      const [{ bytes, stored }] = await Promise.all([block, before]);
      placed(this.position, bytes.length | (stored ? storedBlock : 0));
      await this.#out.write(bytes, 0, bytes.length, this.#imageOffset + this.position);
      this.position += bytes.length;
    })();
    // Whoever awaits the tail hears of a failure; that nobody does yet is no error of its own.
    this.#tail.catch(() => {});
    this.#waiting.push(this.#tail);
    if (this.#waiting.length >= blocksAtOnce) await this.#waiting.shift();
  }

  /** Where an equal file already stands. Only files of one size are read for it. */
  async #twin(file: ImageFile, data: FileData): Promise<FileData | undefined> {
    const others = this.#bySize.get(file.size) ?? [];
    this.#bySize.set(file.size, others);
    const self: (typeof others)[number] = { file, data };
    if (others.length > 0) {
      self.hash = await hashOf(file, this.#options.blockSize);
      for (const other of others) {
        other.hash ??= await hashOf(other.file, this.#options.blockSize);
        if (other.hash === self.hash) return other.data;
      }
    }
    others.push(self);
    return undefined;
  }

  #report(bytes: number): void {
    this.#done += bytes;
    this.#options.progress?.(this.#done);
  }
}

/** A block as it is stored. */
export interface PackedBlock {
  readonly bytes: Uint8Array;
  /** True where compressing would have made it no smaller. */
  readonly stored: boolean;
}

async function packed(plain: Uint8Array, compressor: Compressor): Promise<PackedBlock> {
  const bytes = await compressor.compress(plain);
  return bytes.length < plain.length ? { bytes, stored: false } : { bytes: plain, stored: true };
}

/** Each block in memory of its own, as several are compressed at once. */
async function* blocksOf(file: ImageFile, blockSize: number): AsyncGenerator<Uint8Array> {
  let total = 0;
  if (typeof file.content === 'string') {
    await using handle = await open(file.content);
    for (;;) {
      const block = new Uint8Array(blockSize);
      const { bytesRead } = await handle.read(block, 0, blockSize, total);
      if (bytesRead === 0) break;
      total += bytesRead;
      if (total > file.size) throw changed(file);
      yield block.subarray(0, bytesRead);
      if (bytesRead < blockSize) break;
    }
  } else
    for (; total < file.content.length; total += blockSize)
      yield file.content.subarray(total, total + blockSize);
  if (typeof file.content === 'string' ? total !== file.size : file.content.length !== file.size)
    throw changed(file);
}

async function contentOf(file: ImageFile, limit: number): Promise<Uint8Array> {
  if (typeof file.content !== 'string') return file.content;
  await using handle = await open(file.content);
  const bytes = new Uint8Array(limit);
  const { bytesRead } = await handle.read(bytes, 0, limit, 0);
  return bytes.subarray(0, bytesRead);
}

async function hashOf(file: ImageFile, blockSize: number): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of file.size === 0 ? [] : blocksOf(file, blockSize)) hash.update(block);
  return hash.digest('hex');
}

function changed(file: ImageFile): PackError {
  return new PackError('PACK_FILE_CHANGED', `${file.path} changed while it was packed: build again.`);
}
