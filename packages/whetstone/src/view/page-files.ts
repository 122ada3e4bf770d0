import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of the page, in memory. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * Reads the files of the built page, by the path of their address. The server serves from this list:
 * no path of a request ever reaches the file system.
 */
export async function pageFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const assets = path.join(folder, 'assets');
  const names = await readdir(assets);
  const read = async (file: string): Promise<PageFile | undefined> => {
    const type = types[path.extname(file)];
    return type === undefined ? undefined : { type, bytes: await readFile(file) };
  };
  const files = new Map<string, PageFile>();
  files.set('/', { type: types['.html']!, bytes: await readFile(path.join(folder, 'index.html')) });
  for (const name of names) {
    const file = await read(path.join(assets, name));
    if (file !== undefined) files.set(`/assets/${name}`, file);
  }
  return files;
}
