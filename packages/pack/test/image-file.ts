import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import {
  bytesSource,
  type ImageEntry,
  readImage,
  type ReadEntry,
  writeImage,
  zstdCompressor,
} from '@whetstone/pack';

/** An entry with this content. */
export function fileEntry(at: string, content: Uint8Array | string, executable = false): ImageEntry {
  const bytes = Buffer.from(content);
  return { kind: 'file', path: at, executable, size: bytes.length, content: bytes };
}

/** Writes an image at this place of a file and gives the bytes of the image. */
export async function imageFile(
  file: string,
  entries: readonly ImageEntry[],
  options: {
    readonly offset?: number;
    readonly first?: readonly string[];
    readonly blockSize?: number;
  } = {},
): Promise<Buffer> {
  const { offset = 0, first = [], blockSize } = options;
  const compressor = await zstdCompressor(3);
  try {
    await using out = await open(file, 'w');
    await writeImage(out, entries, {
      offset,
      compressor,
      first,
      ...(blockSize === undefined ? {} : { blockSize }),
    });
  } finally {
    await compressor.close();
  }
  return readFileSync(file).subarray(offset);
}

/** All that an image holds, by path: a file's content, `-> target` of a link, `/` for a folder. */
export async function contentsOf(image: Uint8Array): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const entry of (await readImage(bytesSource(image))).walk()) contents.set(entry.path, shown(entry));
  return contents;
}

function shown(entry: ReadEntry): string {
  if (entry.kind === 'folder') return '/';
  if (entry.kind === 'link') return `-> ${entry.target}`;
  return Buffer.concat([...entry.content()]).toString('latin1');
}

/** Puts what an image holds on the disk. */
export async function unpack(image: Uint8Array, folder: string): Promise<void> {
  for (const entry of (await readImage(bytesSource(image))).walk()) {
    const file = path.join(folder, entry.path);
    if (entry.kind === 'folder') mkdirSync(file, { recursive: true });
    else if (entry.kind === 'link') symlinkSync(entry.target, file);
    else writeFileSync(file, Buffer.concat([...entry.content()]), { mode: entry.mode });
  }
}
