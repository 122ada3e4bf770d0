import { close, open, write } from 'node:fs';
import type { Incoming } from '../engine/engine.ts';
import { requestId } from '../app/request-id.ts';
import { ServeError } from '../errors.ts';

/** Bytes of lines that may wait for the disk; what comes beyond is dropped, and counted. */
const waitingBytes = 4 * 1024 * 1024;

/** Writes a line of JSON for each answer, in batches; the disk's troubles are never the clients'. */
export class AccessLog {
  /** Lines that could not be written. */
  dropped = 0;
  readonly #file: string;
  #descriptor: number;
  #waiting = '';
  #writing = false;

  private constructor(file: string, descriptor: number) {
    this.#file = file;
    this.#descriptor = descriptor;
  }

  /** @throws {@link ServeError} `LOG_UNWRITABLE` */
  static async to(file: string): Promise<AccessLog> {
    return new AccessLog(file, await opened(file));
  }

  add(incoming: Incoming, remoteAddress: string, status: number, milliseconds: number): void {
    if (this.#waiting.length > waitingBytes) {
      this.dropped++;
      return;
    }
    const { method, target, version } = incoming;
    this.#waiting += `${JSON.stringify({
      time: new Date().toISOString(),
      id: requestId(incoming),
      remoteAddress,
      method,
      target,
      version,
      status,
      milliseconds: Math.round(milliseconds * 1000) / 1000,
    })}\n`;
    // What the same turn answers goes out together.
    if (!this.#writing) {
      this.#writing = true;
      setImmediate(() => this.#write());
    }
  }

  /** Opens the file by its name again: whoever rotates logs has moved it. */
  async reopen(): Promise<void> {
    const fresh = await opened(this.#file);
    const old = this.#descriptor;
    this.#descriptor = fresh;
    if (this.#writing) this.#old.push(old);
    else close(old, () => undefined);
  }

  /** Resolves when all lines are written, or dropped. */
  async end(): Promise<void> {
    while (this.#writing) await new Promise((resolve) => setTimeout(resolve, 5));
    close(this.#descriptor, () => undefined);
  }

  /** Replaced while they were written to. */
  readonly #old: number[] = [];

  /** The file ends within a line, as the disk was full. */
  #torn = false;

  #write(): void {
    const bytes = Buffer.from(this.#torn ? `\n${this.#waiting}` : this.#waiting);
    this.#waiting = '';
    const written = (from: number): void => {
      write(this.#descriptor, bytes, from, bytes.length - from, null, (error, length) => {
        if (!error && from + length < bytes.length) return written(from + length);
        if (error) {
          this.dropped += linesIn(bytes, from) - (this.#torn && from === 0 ? 1 : 0);
          if (from > 0) this.#torn = bytes[from - 1] !== newline;
        } else {
          this.#torn = false;
        }
        for (const old of this.#old.splice(0)) close(old, () => undefined);
        if (this.#waiting !== '') this.#write();
        else this.#writing = false;
      });
    };
    written(0);
  }
}

const newline = 10;

function linesIn(bytes: Buffer, from: number): number {
  let lines = 0;
  for (let at = bytes.indexOf(newline, from); at >= 0; at = bytes.indexOf(newline, at + 1)) lines++;
  return lines;
}

function opened(file: string): Promise<number> {
  return new Promise((resolve, reject) => {
    // Several workers append to one file: each batch of lines is one write.
    open(file, 'a', 0o640, (error, descriptor) => {
      if (error)
        reject(
          new ServeError(
            'LOG_UNWRITABLE',
            `accessLog is '${file}', which cannot be written: ${error.message}.`,
          ),
        );
      else resolve(descriptor);
    });
  });
}
