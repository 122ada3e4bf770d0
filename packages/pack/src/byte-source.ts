import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { PackError, type PackErrorCode } from './pack-error.ts';

/** Bytes that can be read anywhere. */
export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes; only ever called within the size. */
  read(offset: number, length: number): Uint8Array;
}

/** A file that stays open. */
export interface FileSource extends ByteSource, Disposable {
  readonly descriptor: number;
}

/** Opens a file for reading; the caller disposes of it. */
export function fileSource(file: string): FileSource {
  const descriptor = openSync(file, 'r');
  const { size } = fstatSync(descriptor);
  return {
    size,
    descriptor,
    read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length;) {
        const count = readSync(descriptor, bytes, done, length - done, offset + done);
        if (count === 0)
          throw new PackError('PACK_FILE_CHANGED', `${file} became shorter while it was read.`);
        done += count;
      }
      return bytes;
    },
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** A part of a source, as if it were all. The part lies within it. */
export function sourcePart(source: ByteSource, offset: number, size: number): ByteSource {
  return { size, read: (at, length) => source.read(offset + at, length) };
}

/** Reads after a look whether that can be; `code` and `what` tell of it if not. */
export function readChecked(
  source: ByteSource,
  offset: number,
  length: number,
  code: PackErrorCode,
  what: string,
): Uint8Array {
  if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > source.size)
    throw new PackError(
      code,
      `${what} would stand at byte ${offset}, ${length} bytes long, and there are ${source.size}.`,
    );
  return source.read(offset, length);
}
