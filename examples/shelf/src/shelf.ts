import { randomUUID } from 'node:crypto';
import { on } from 'node:events';
import { createWriteStream, watch } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One file, as the page and the API show it. */
export interface ShelvedFile {
  readonly name: string;
  readonly bytes: number;
  /** When it was put there, ISO 8601. */
  readonly since: string;
  /** Where it is to be had. */
  readonly path: string;
}

/** What cannot be put on the shelf. `status` is the answer's. */
export class ShelfError extends Error {
  override readonly name = 'ShelfError';
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * A folder of files that people leave for one another.
 *
 * The folder is all the state there is: as many workers as there are share it, and none keeps anything in memory.
 */
export class Shelf {
  readonly folder: string;
  readonly #mostBytes: number;

  private constructor(folder: string, mostBytes: number) {
    this.folder = folder;
    this.#mostBytes = mostBytes;
  }

  /** Makes the folder where there is none. `mostBytes` is what all files together may have. */
  static async at(folder: string, mostBytes: number): Promise<Shelf> {
    await mkdir(folder, { recursive: true });
    return new Shelf(folder, mostBytes);
  }

  /** The files, the latest first. */
  async list(): Promise<ShelvedFile[]> {
    const names = (await readdir(this.folder)).filter((name) => !name.startsWith('.'));
    const found = await Promise.all(names.map((name) => this.#file(name)));
    return found
      .filter((file) => file !== null)
      .sort((one, other) => other.since.localeCompare(one.since) || one.name.localeCompare(other.name));
  }

  /**
   * Puts a file there as its pieces come; what had the name before is replaced at the end, at once.
   *
   * @throws {@link ShelfError} for a name that is none, and where the shelf is full
   */
  async put(name: string, pieces: AsyncIterable<Uint8Array>): Promise<ShelvedFile> {
    check(name);
    const room = this.#mostBytes - (await this.list()).reduce((sum, { bytes }) => sum + bytes, 0);
    // Names with a dot in front are neither listed nor served.
    const unfinished = path.join(this.folder, `.${randomUUID()}`);
    try {
      await pipeline(pieces, new AtMost(room), createWriteStream(unfinished, { flags: 'wx' }));
      await rename(unfinished, path.join(this.folder, name));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
    return (await this.#file(name))!;
  }

  /** False where there was none. */
  async remove(name: string): Promise<boolean> {
    check(name);
    try {
      await rm(path.join(this.folder, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }

  /** The list now, and whenever it has changed, until `signal` aborts. */
  async *changes(signal: AbortSignal): AsyncGenerator<ShelvedFile[]> {
    const watcher = watch(this.folder);
    // From here on changes are kept for us, also those that come during the first look.
    const events = on(watcher, 'change', { signal });
    let last = '';
    try {
      yield await this.list();
      for await (const [, name] of events as AsyncIterable<[string, string | null]>) {
        if (name?.startsWith('.')) continue;
        const files = await this.list();
        const now = JSON.stringify(files);
        if (now !== last) yield files;
        last = now;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      watcher.close();
    }
  }

  async #file(name: string): Promise<ShelvedFile | null> {
    try {
      const { size, mtime } = await stat(path.join(this.folder, name));
      return { name, bytes: size, since: mtime.toISOString(), path: `/files/${encodeURIComponent(name)}` };
    } catch {
      // Taken away since it was listed.
      return null;
    }
  }
}

/** A name that is one on every system, and no way out of the folder. */
function check(name: string): void {
  const plain = /^[^./\\\p{Cc}][^/\\\p{Cc}]*$/u.test(name);
  if (!plain || Buffer.byteLength(name) > 200)
    throw new ShelfError(
      400,
      `'${name}' is no name for a file here: no slashes, no dot in front, 200 bytes at most.`,
    );
}

/** Passes on so many bytes and no more. */
class AtMost extends Transform {
  #left: number;
  constructor(bytes: number) {
    super();
    this.#left = bytes;
  }
  override _transform(piece: Uint8Array, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#left -= piece.length;
    if (this.#left < 0) done(new ShelfError(507, 'the shelf is full: take something away first.'));
    else done(null, piece);
  }
}
