/** The kinds of frames; `python/worker.py` has their meaning. */
export const frames = {
  request: 1,
  ack: 2,
  cancel: 3,
  stop: 4,
  ready: 11,
  whole: 12,
  head: 13,
  body: 14,
  end: 15,
  failed: 16,
} as const;

/** Length and kind and number, before the payload. */
const headBytes = 9;

export function frame(kind: number, request: number, ...payload: readonly Uint8Array[]): Buffer {
  const head = Buffer.allocUnsafe(headBytes);
  const length = payload.reduce((sum, part) => sum + part.length, 0);
  head.writeUInt32LE(length + 5, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32LE(request, 5);
  return Buffer.concat([head, ...payload]);
}

/** Cuts a stream of bytes into frames; the payload is a view of the bytes. */
export class FrameReader {
  readonly #onFrame: (kind: number, request: number, payload: Buffer) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #wanted = headBytes;

  constructor(onFrame: (kind: number, request: number, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  add(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restBytes += bytes.length;
    // A large frame comes in many pieces: they are put together once.
    if (this.#restBytes < this.#wanted) return;
    const all = this.#rest.length === 1 ? bytes : Buffer.concat(this.#rest);
    let at = 0;
    this.#wanted = headBytes;
    while (all.length - at >= headBytes) {
      const end = at + 4 + all.readUInt32LE(at);
      if (end > all.length) {
        this.#wanted = end - at;
        break;
      }
      this.#onFrame(all.readUInt8(at + 4), all.readUInt32LE(at + 5), all.subarray(at + headBytes, end));
      at = end;
    }
    this.#rest = at < all.length ? [all.subarray(at)] : [];
    this.#restBytes = all.length - at;
  }
}
