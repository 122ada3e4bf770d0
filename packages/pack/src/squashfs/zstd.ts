import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import nodeZlib from 'node:zlib';
import { PackError } from '../pack-error.ts';

/** The version of the zstd library whose bytes we write: what a pack is made of may not depend on Node. */
const zstdVersion = '1.5.7';

interface Options {
  readonly params?: Readonly<Record<number, number>>;
  readonly pledgedSrcSize?: number;
  readonly maxOutputLength?: number;
}
/** What Node has from 22.15 on, and the types of Node 20 do not know. */
interface NodeZstd {
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
  zstdCompressSync?(data: Uint8Array, options: Options): Buffer;
  zstdDecompressSync?(data: Uint8Array, options: Options): Buffer;
}
const zlib = nodeZlib as unknown as NodeZstd;

/** Makes zstd frames; {@link zstdCompressor}. */
export interface Compressor {
  /** Library, version and level, as the header names them: `zstd-1.5.7-19`. */
  readonly name: string;
  compress(block: Uint8Array): Promise<Uint8Array>;
  /** For what must be known before the next byte is written. */
  compressNow(block: Uint8Array): Uint8Array;
  close(): Promise<void>;
}

/**
 * A compressor whose bytes are the same under each Node: Node's own where that has the library's version that we
 * write with, else the one in WebAssembly, in threads.
 *
 * @param level 1 to 22
 * @param from takes the one or the other, for the test that compares them
 */
export async function zstdCompressor(
  level: number,
  from: 'node' | 'wasm' = nodeHasIt() ? 'node' : 'wasm',
): Promise<Compressor> {
  const name = `zstd-${zstdVersion}-${level}`;
  const threads = new CompressorThreads(from, level);
  const close = async () => await threads.close();
  const compress = async (block: Uint8Array) => await threads.compress(block);
  if (from === 'node')
    return {
      name,
      compress,
      compressNow: (block) => zlib.zstdCompressSync!(block, nodeOptions(block, level)),
      close,
    };
  const library = await loadWasm();
  return { name, compress, compressNow: (block) => library.compress(block, level), close };
}

/** The size ahead of the bytes: without it the frame has another header and other parameters. */
function nodeOptions(block: Uint8Array, level: number): Options {
  return {
    params: { [zlib.constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: block.length,
  };
}

/** True where Node has the library's version that we write with. */
export function nodeHasIt(): boolean {
  return zlib.zstdCompressSync !== undefined && process.versions['zstd'] === zstdVersion;
}

/** Gives back what a frame holds, at most `limit` bytes. */
export type Decompress = (frame: Uint8Array, limit: number) => Uint8Array;

/**
 * The opposite of {@link zstdCompressor}.
 *
 * @throws {@link PackError} `PACK_IMAGE_DAMAGED` where the bytes are no frame, or one with more than `limit` bytes
 */
export async function zstdDecompressor(
  from: 'node' | 'wasm' = zlib.zstdDecompressSync ? 'node' : 'wasm',
): Promise<Decompress> {
  const damaged = (cause?: unknown) =>
    new PackError('PACK_IMAGE_DAMAGED', 'A compressed block of the image is damaged.', { cause });
  if (from === 'node')
    return (frame, limit) => {
      try {
        return zlib.zstdDecompressSync!(frame, { maxOutputLength: limit });
      } catch (error) {
        throw damaged(error);
      }
    };
  const { decompress } = await loadWasm();
  return (frame, limit) => {
    // It allocates what the frame says that it holds, so that is looked at before.
    const size = frameContentSize(frame);
    if (size === null || size > limit) throw damaged();
    try {
      return size === 0 ? new Uint8Array(0) : decompress(frame, { defaultHeapSize: limit });
    } catch (error) {
      throw damaged(error);
    }
  };
}

/**
 * How many bytes a zstd frame says that it holds, `null` where it is no frame or does not say.
 *
 * @see https://datatracker.ietf.org/doc/html/rfc8878#section-3.1.1
 */
function frameContentSize(frame: Uint8Array): number | null {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (frame.length < 6 || view.getUint32(0, true) !== 0xfd_2f_b5_28) return null;
  const descriptor = frame[4]!;
  const single = (descriptor & 0x20) !== 0;
  const at = 5 + (single ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const width = [single ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (width === 0 || frame.length < at + width) return null;
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  if (width === 4) return view.getUint32(at, true);
  return Number(view.getBigUint64(at, true));
}

interface Wasm {
  compress(data: Uint8Array, level: number): Uint8Array;
  decompress(data: Uint8Array, options: { defaultHeapSize: number }): Uint8Array;
}
let wasm: Promise<Wasm> | undefined;

async function loadWasm(): Promise<Wasm> {
  wasm ??= (async () => {
    const library = await import('@bokuweb/zstd-wasm');
    await library.init();
    return library;
  })();
  return await wasm;
}

interface Job {
  readonly block: Uint8Array;
  readonly resolve: (packed: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Compresses on every core; a thread starts when there is work that no other takes.
 *
 * Each has a block at once and whole. Node's own threads get it as a stream, and a stream that ends where a block of
 * zstd does has three bytes more.
 */
class CompressorThreads {
  readonly #from: 'node' | 'wasm';
  readonly #level: number;
  readonly #waiting: Job[] = [];
  readonly #idle: Worker[] = [];
  readonly #workers = new Set<Worker>();

  constructor(from: 'node' | 'wasm', level: number) {
    this.#from = from;
    this.#level = level;
  }

  async compress(block: Uint8Array): Promise<Uint8Array> {
    return await new Promise((resolve, reject) => {
      this.#waiting.push({ block, resolve, reject });
      this.#next();
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#workers].map(async (worker) => await worker.terminate()));
    this.#workers.clear();
  }

  #next(): void {
    if (this.#waiting.length === 0) return;
    const worker = this.#idle.pop() ?? this.#start();
    if (!worker) return;
    const { block, resolve, reject } = this.#waiting.shift()!;
    worker.once('message', (packed: Uint8Array) => {
      worker.off('error', reject);
      resolve(packed);
      this.#idle.push(worker);
      this.#next();
    });
    worker.once('error', reject);
    // Of a part of a buffer all of the buffer would be copied: a hundred megabytes of a runtime, for each block.
    const own = new Uint8Array(block);
    worker.postMessage(own, [own.buffer]);
  }

  #start(): Worker | undefined {
    if (this.#workers.size >= availableParallelism()) return undefined;
    const library =
      this.#from === 'node' ? undefined : createRequire(import.meta.url).resolve('@bokuweb/zstd-wasm');
    const workerData = { library, level: this.#level, parameter: zlib.constants?.ZSTD_c_compressionLevel };
    const worker = new Worker(threadCode, { eval: true, workerData });
    this.#workers.add(worker);
    return worker;
  }
}

/** Given as text: a file of its own would be TypeScript where our sources run unbuilt. */
const threadCode = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { library, level, parameter } = workerData;
  const { init, compress } =
    library === undefined
      ? {
          init: async () => {},
          compress: (block) =>
            require('node:zlib').zstdCompressSync(block, {
              params: { [parameter]: level },
              pledgedSrcSize: block.length,
            }),
        }
      : require(library);
  const ready = init();
  parentPort.on('message', async (block) => {
    await ready;
    const own = new Uint8Array(compress(block, level));
    parentPort.postMessage(own, [own.buffer]);
  });
`;
