import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Coding } from './accept-encoding.ts';

type Compress = (bytes: Uint8Array) => Promise<Uint8Array>;
type Zstd = {
  readonly zstdCompress?: (bytes: Uint8Array, done: (error: Error | null, result: Buffer) => void) => void;
};

/** Made at the pace of a request: quality 5 of 11 is where brotli's time begins to rise steeply. */
const brotliQuality = 5;

const compressors: Partial<Record<Coding, Compress>> = {
  br: (bytes) =>
    promisify(zlib.brotliCompress)(bytes, {
      params: { [zlib.constants.BROTLI_PARAM_QUALITY]: brotliQuality },
    }),
  gzip: (bytes) => promisify(zlib.gzip)(bytes),
};
// Node has it from 22.15 on.
const { zstdCompress } = zlib as unknown as Zstd;
if (zstdCompress) compressors.zstd = (bytes) => promisify(zstdCompress)(bytes) as Promise<Uint8Array>;

/** Whether this Node can make the coding. */
export const canCompress = (coding: Coding): boolean => coding in compressors;

/** Compressed files, so that each is compressed once; those not asked for longest go first. */
export class CompressedFiles {
  readonly #kept = new Map<string, Promise<Uint8Array>>();
  readonly #bytes: number;
  #used = 0;

  /** `bytes`: how much it keeps. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** `key` names the file, its version and the coding. */
  async get(key: string, coding: Coding, read: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const kept = this.#kept.get(key);
    if (kept) {
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return await kept;
    }
    // Kept as a promise: a hundred clients at once wait for one compression.
    const made = read().then((bytes) => compressors[coding]!(bytes));
    this.#kept.set(key, made);
    try {
      this.#used += (await made).length;
    } catch (error) {
      this.#kept.delete(key);
      throw error;
    }
    for (const [oldest, bytes] of this.#kept) {
      if (this.#used <= this.#bytes) break;
      this.#kept.delete(oldest);
      void bytes.then(({ length }) => (this.#used -= length));
      await bytes;
    }
    return await made;
  }
}
