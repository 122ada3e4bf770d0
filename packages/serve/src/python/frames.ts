import type { Socket } from 'node:net';

/** The kinds of frames; `python/worker.py` has their meaning. */
export const frames = {
  request: 1,
  ack: 2,
  cancel: 3,
  abandon: 4,
  ping: 5,
  stop: 6,
  ready: 11,
  whole: 12,
  wholeAscii: 13,
  head: 14,
  body: 15,
  end: 16,
  failed: 17,
  returned: 18,
  pong: 19,
} as const;

/** Length and kind and number, before the payload. */
const headBytes = 9;

/** Frames to a worker: those of one turn of the loop go out in one write. */
export class FrameWriter {
  readonly #socket: Socket;
  /** What is gathered: Latin-1, which costs less than bytes, and the bodies between. */
  #text = '';
  #parts: (string | Uint8Array)[] = [];
  #scheduled = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** `head` is Latin-1. */
  request(number: number, head: string, body: Uint8Array | null): void {
    const length = 9 + head.length + (body?.length ?? 0);
    this.#text += binary(length) + kindText[frames.request] + binary(number) + binary(head.length) + head;
    if (body !== null) this.#parts.push(this.#takeText(), body);
    this.#schedule();
  }

  /** A frame with nothing, or one number, in it. */
  short(kind: number, number: number, value?: number): void {
    const rest = value === undefined ? '' : binary(value);
    this.#text += binary(5 + rest.length) + kindText[kind] + binary(number) + rest;
    this.#schedule();
  }

  #takeText(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // After everything that is there to be read was read.
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    const socket = this.#socket;
    const parts = this.#parts;
    const text = this.#takeText();
    if (socket.destroyed) return;
    if (parts.length === 0) {
      socket.write(text, 'latin1');
      return;
    }
    this.#parts = [];
    socket.cork();
    for (const part of parts) {
      if (typeof part === 'string') socket.write(part, 'latin1');
      else socket.write(part);
    }
    if (text !== '') socket.write(text, 'latin1');
    socket.uncork();
  };
}

const kindText = Array.from({ length: 32 }, (_, kind) => String.fromCharCode(kind));

/** A number as four bytes, little endian. */
function binary(number: number): string {
  return String.fromCharCode(number & 255, (number >>> 8) & 255, (number >>> 16) & 255, number >>> 24);
}

/** Cuts a stream of bytes into frames; a payload stands in `bytes` from `start` to `end`. */
export class FrameReader {
  readonly #onFrame: (kind: number, request: number, bytes: Buffer, start: number, end: number) => void;
  #rest: Buffer[] = [];
  #restBytes = 0;
  #wanted = headBytes;

  constructor(onFrame: (kind: number, request: number, bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame;
  }

  add(bytes: Buffer): void {
    let all = bytes;
    if (this.#restBytes > 0) {
      this.#rest.push(bytes);
      this.#restBytes += bytes.length;
      // A large frame comes in many pieces: they are put together once.
      if (this.#restBytes < this.#wanted) return;
      all = Buffer.concat(this.#rest);
      this.#rest = [];
    }
    let at = 0;
    this.#wanted = headBytes;
    while (all.length - at >= headBytes) {
      const end = at + 4 + all.readUInt32LE(at);
      if (end > all.length) {
        this.#wanted = end - at;
        break;
      }
      this.#onFrame(all[at + 4]!, all.readUInt32LE(at + 5), all, at + headBytes, end);
      at = end;
    }
    this.#restBytes = all.length - at;
    if (this.#restBytes > 0) this.#rest.push(all.subarray(at));
  }
}
