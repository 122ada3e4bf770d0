import type { FileHandle } from 'node:fs/promises';

const pieceBytes = 64 * 1024;

/** A part of an open file as a body. It closes the file behind the last piece, or when nobody wants more. */
export class FileSlice implements AsyncIterable<Uint8Array>, AsyncIterator<Uint8Array> {
  readonly #handle: FileHandle;
  readonly #end: number;
  readonly #closes: boolean;
  #at: number;
  #closed = false;

  constructor(handle: FileHandle, start: number, end: number, closes: boolean) {
    this.#handle = handle;
    this.#at = start;
    this.#end = end;
    this.#closes = closes;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws where the file has become shorter: what was announced cannot be sent */
  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#closed || this.#at >= this.#end) return await this.return();
    const length = Math.min(pieceBytes, this.#end - this.#at);
    const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(length), 0, length, this.#at);
    if (bytesRead === 0) {
      await this.return();
      throw new Error('the file became shorter while it was sent');
    }
    this.#at += bytesRead;
    return { done: false, value: buffer.subarray(0, bytesRead) };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.#closed) {
      this.#closed = true;
      if (this.#closes) await this.#handle.close();
    }
    return { done: true, value: undefined };
  }

  /** All of it in one piece. */
  async whole(): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this) pieces.push(piece);
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }
}
