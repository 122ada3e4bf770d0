import { crc32 } from 'node:zlib';

/** A plain (not deflated) file taken apart. */
export interface WhetParts {
  readonly directory: string;
  readonly blocks: readonly Uint8Array[];
}

interface Columns {
  readonly columns: readonly { readonly stored: number; crc: number }[];
}

/** Takes a file apart that was written without deflating. */
export function whetParts(file: Uint8Array): WhetParts {
  const header = new DataView(file.buffer, file.byteOffset, 24);
  let at = 24 + header.getUint32(12, true);
  const directory = Buffer.from(file.subarray(24, at)).toString();
  const blocks = (JSON.parse(directory) as Columns).columns.map(({ stored }) =>
    file.subarray(at, (at += stored)),
  );
  return { directory, blocks };
}

/** Puts a file together with the right checksum for its directory, whatever is in it. */
export function whetFile({ directory, blocks }: WhetParts): Uint8Array {
  const json = Buffer.from(directory);
  const header = Buffer.alloc(24);
  header.set([0x89, 0x57, 0x48, 0x45, 0x54, 0x0d, 0x0a, 0x1a]);
  header.writeUInt32LE(1, 8);
  header.writeUInt32LE(json.length, 12);
  header.writeUInt32LE(json.length, 16);
  header.writeUInt32LE(crc32(json), 20);
  return Buffer.concat([header, json, ...blocks]);
}

/** The directory with the right checksums for blocks that were changed. */
export function resealed({ directory, blocks }: WhetParts): WhetParts {
  const parsed = JSON.parse(directory) as Columns;
  for (const [i, column] of parsed.columns.entries()) column.crc = crc32(blocks[i] as Uint8Array);
  return { directory: JSON.stringify(parsed), blocks };
}
