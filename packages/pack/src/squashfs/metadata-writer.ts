import { metadataSize, storedMetadata } from './layout.ts';

/** Where something begins in a table of metadata: the block's place in the table, and the byte in what it holds. */
export interface MetadataPlace {
  readonly block: number;
  readonly offset: number;
}

/** Collects the bytes of a table and writes them as blocks of 8 KiB, each compressed on its own. */
export class MetadataWriter {
  readonly #compress: (block: Uint8Array) => Uint8Array;
  readonly #written: Uint8Array[] = [];
  readonly #pending = new Uint8Array(metadataSize);
  #pendingSize = 0;
  #writtenSize = 0;

  constructor(compress: (block: Uint8Array) => Uint8Array) {
    this.#compress = compress;
  }

  /** Where the next byte goes. */
  get place(): MetadataPlace {
    return { block: this.#writtenSize, offset: this.#pendingSize };
  }

  write(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const part = bytes.subarray(from, from + metadataSize - this.#pendingSize);
      this.#pending.set(part, this.#pendingSize);
      this.#pendingSize += part.length;
      from += part.length;
      if (this.#pendingSize === metadataSize) this.#flush();
    }
  }

  /** The table, and where each of its blocks begins in it. */
  finish(): { readonly bytes: Uint8Array; readonly blocks: readonly number[] } {
    if (this.#pendingSize > 0) this.#flush();
    let at = 0;
    const blocks = this.#written.map((block) => (at += block.length) - block.length);
    return { bytes: Buffer.concat(this.#written), blocks };
  }

  #flush(): void {
    const plain = this.#pending.slice(0, this.#pendingSize);
    const packed = this.#compress(plain);
    const stored = packed.length >= plain.length;
    const body = stored ? plain : packed;
    const block = new Uint8Array(2 + body.length);
    new DataView(block.buffer).setUint16(0, body.length | (stored ? storedMetadata : 0), true);
    block.set(body, 2);
    this.#written.push(block);
    this.#writtenSize += block.length;
    this.#pendingSize = 0;
  }
}
