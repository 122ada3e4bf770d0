import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Collected } from '../collect/collection.ts';
import { walkFolder } from '../collect/walk-folder.ts';
import type { Pack } from '../file/read-pack.ts';
import { readImage } from '../squashfs/read-image.ts';

/** A file or link whose origin is asked for. */
export interface InventoryInput {
  /** Where it stands: in the image, or below the folder. */
  readonly path: string;
  readonly kind: 'file' | 'link';
  /** Of a link: where it leads. */
  readonly target: string;
  /** Of a file: its content. */
  readonly read: () => Uint8Array;
  /** Where it was taken from, absolute; `undefined` where that is not known. */
  readonly origin?: string | undefined;
  /** Of what the build makes: the files that it makes it from, absolute. */
  readonly madeFrom?: readonly string[] | undefined;
  /** Of what the build makes: what it makes now; a link's target as text. */
  readonly made?: Uint8Array | undefined;
}

/** What a build would pack. */
export function collectedInputs(files: readonly Collected[]): InventoryInput[] {
  return files.flatMap((collected): InventoryInput[] => {
    const { entry } = collected;
    if (entry.kind === 'folder') return [];
    const origin = originOf(collected);
    if (entry.kind === 'link') {
      const { path: at, target } = entry;
      return [{ path: at, kind: 'link', target, read: () => Buffer.from(target), ...origin }];
    }
    const { content } = entry;
    const read = () => (typeof content === 'string' ? readFileSync(content) : content);
    return [{ path: entry.path, kind: 'file', target: '', read, ...origin }];
  });
}

/** What stands in a pack; where each came from is what `collected`, a project's, says of the same path. */
export async function packedInputs(pack: Pack, collected: readonly Collected[]): Promise<InventoryInput[]> {
  const known = new Map(collected.map((one) => [one.entry.path, one]));
  const image = await readImage(pack.image);
  const inputs: InventoryInput[] = [];
  for (const entry of image.walk()) {
    if (entry.kind === 'folder') continue;
    const { path: at, target } = entry;
    const origin = originOf(known.get(at));
    const kind = entry.kind === 'link' ? 'link' : 'file';
    const read = kind === 'link' ? () => Buffer.from(target) : () => Buffer.concat([...entry.content()]);
    inputs.push({ path: at, kind, target, read, ...origin });
  }
  return inputs;
}

/** Paths of all files and links in a pack. */
export async function packedPaths(pack: Pack): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  for (const { path: at, kind } of (await readImage(pack.image)).walk()) if (kind !== 'folder') paths.add(at);
  return paths;
}

/** All below a folder but git's own. */
export function folderInputs(folder: string): InventoryInput[] {
  const inputs: InventoryInput[] = [];
  for (const { file, stats } of walkFolder(folder, (one) => path.basename(one) === '.git')) {
    if (stats.isDirectory()) continue;
    const at = path.relative(folder, file);
    const isLink = stats.isSymbolicLink();
    const target = isLink ? readlinkSync(file) : '';
    const read = () => (isLink ? Buffer.from(target) : lstatSync(file).isFile() ? readFileSync(file) : none);
    inputs.push({ path: at, kind: isLink ? 'link' : 'file', target, read, origin: file });
  }
  return inputs;
}

/** Of devices and pipes: nothing is read from them. */
const none = new Uint8Array(0);

function originOf(collected: Collected | undefined): Pick<InventoryInput, 'origin' | 'madeFrom' | 'made'> {
  if (!collected) return {};
  const { entry, madeFrom } = collected;
  if (entry.kind === 'file' && typeof entry.content === 'string') return { origin: entry.content };
  if (entry.kind === 'file') return { madeFrom: madeFrom ?? [], made: entry.content as Uint8Array };
  if (entry.kind === 'link') return { madeFrom: madeFrom ?? [], made: Buffer.from(entry.target) };
  return {};
}
