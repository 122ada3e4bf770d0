import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { lookup } from 'node:dns/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SharedPlace } from '../engine/engine.ts';
import type { NativeModule } from '../engine/native/core.ts';
import type { ListenAt } from '../listen-at.ts';

/** Bytes of a worker's line in the file of shares, and what stands in one without a worker. */
const lineBytes = 64;
const noWorker = Buffer.alloc(lineBytes, 0xff);

/**
 * A listening socket on which the workers of the native engine accept themselves, and the file by which each knows its share.
 *
 * Both reach a worker as descriptors that it inherits. The socket stays open while workers come and go.
 */
export class SharedSocket {
  /** With the port that was taken. */
  readonly address: ListenAt;
  readonly descriptor: number;
  /** For each worker a line: `share` in `native/boundary.md`. */
  readonly file: number;
  readonly #free: number[];
  readonly #lines: number;
  #given = false;
  #closed = false;

  private constructor(address: ListenAt, descriptor: number, file: number, lines: number) {
    this.address = address;
    this.descriptor = descriptor;
    this.file = file;
    this.#lines = lines;
    this.#free = Array.from({ length: lines }, (_, line) => line);
  }

  /** `null` where no file can be written to. @throws what the system says of the address */
  static async listen(module: NativeModule, where: ListenAt, workers: number): Promise<SharedSocket | null> {
    // In a reload there are the old and the new, and of each some may be replaced meanwhile.
    const lines = 4 * workers + 8;
    const hostname = 'unix' in where ? '' : (await lookup(where.hostname)).address;
    const file = fileOf(lines);
    if (file === null) return null;
    try {
      if ('unix' in where) return new SharedSocket(where, module.listenSocket(where.unix), file, lines);
      const descriptor = module.listenSocket(hostname, where.port);
      return new SharedSocket({ hostname, port: module.portOf(descriptor) }, descriptor, file, lines);
    } catch (error) {
      closeSync(file);
      throw error;
    }
  }

  /** A line for one more worker, and what the worker needs to know. */
  place(): SharedPlace {
    return { ...inherited, line: this.#free.shift() ?? 0, lines: this.#lines };
  }

  /** The worker of this place has ended. */
  leave({ line }: SharedPlace): void {
    if (this.#closed) return;
    writeSync(this.file, noWorker, 0, lineBytes, line * lineBytes);
    this.#free.push(line);
  }

  /** The socket for another to accept on, who closes it. */
  given(): SharedPlace {
    this.#given = true;
    return { descriptor: this.descriptor, file: this.file, line: 0, lines: this.#lines };
  }

  /** Whoever comes from here on finds nobody. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.file);
    if (!this.#given) closeSync(this.descriptor);
    if (!('unix' in this.address)) return;
    try {
      // As Node does when it stops listening.
      unlinkSync(this.address.unix);
    } catch {
      // Somebody else did.
    }
  }
}

/** Behind the three usual ones and the channel of messages. */
const inherited = { descriptor: 4, file: 5 };

/** A file without a name, in which no line is a worker's; in memory where there is such a folder. */
function fileOf(lines: number): number | null {
  for (const parent of ['/dev/shm', tmpdir()]) {
    try {
      const folder = mkdtempSync(path.join(parent, 'serve-shares-'));
      const file = openSync(path.join(folder, 'shares'), 'wx+', 0o600);
      rmSync(folder, { recursive: true });
      for (let line = 0; line < lines; line++) writeSync(file, noWorker);
      return file;
    } catch {
      // The next, or none.
    }
  }
  return null;
}
