import { PackError } from '../pack-error.ts';
import { imageLimits } from './layout.ts';

/** What stands at a path of an image. Paths are relative, with `/` between names; no `.` or `..`. */
export type ImageEntry = ImageFile | ImageLink | ImageFolder;

export interface ImageFile {
  readonly kind: 'file';
  readonly path: string;
  readonly executable: boolean;
  /** Bytes. */
  readonly size: number;
  /** Where the content is: a file of this machine, or the bytes themselves. */
  readonly content: string | Uint8Array;
}

export interface ImageLink {
  readonly kind: 'link';
  readonly path: string;
  readonly target: string;
}

/** Needed only for a folder with nothing in it; the others follow from the paths. */
export interface ImageFolder {
  readonly kind: 'folder';
  readonly path: string;
}

/** A folder with what is in it, sorted by the bytes of the names. */
export interface FolderNode {
  readonly kind: 'folder';
  readonly name: string;
  readonly children: readonly ImageNode[];
}
export type ImageNode =
  | FolderNode
  | { readonly kind: 'file'; readonly name: string; readonly entry: ImageFile }
  | { readonly kind: 'link'; readonly name: string; readonly entry: ImageLink };

type Growing = Map<string, Growing | ImageFile | ImageLink>;

/**
 * Puts entries in their folders.
 *
 * @throws {@link PackError} `PACK_FILE_REFUSED` for a path that an image cannot have, or has twice
 */
export function imageTree(entries: readonly ImageEntry[]): FolderNode {
  if (entries.length > imageLimits.entries)
    throw refused(`${entries.length} files are more than the ${imageLimits.entries} that a pack may hold.`);
  const root: Growing = new Map();
  for (const entry of entries) {
    const names = namesOf(entry.path);
    const last = names.pop()!;
    let folder = root;
    for (const name of names) folder = subfolder(folder, name, entry.path);
    if (entry.kind === 'folder') subfolder(folder, last, entry.path);
    else if (folder.has(last)) throw refused(`Two things would stand at ${entry.path}.`);
    else folder.set(last, entry);
  }
  return folderNode('', root);
}

function namesOf(path: string): string[] {
  const names = path.split('/');
  if (Buffer.byteLength(path) > imageLimits.path) throw refused(`The path ${path} is too long.`);
  if (names.length > imageLimits.depth) throw refused(`The path ${path} has too many folders.`);
  for (const name of names)
    if (name === '' || name === '.' || name === '..' || name.includes('\0'))
      throw refused(`The path '${path}' is none that an image can have.`);
    else if (Buffer.byteLength(name) > imageLimits.name) throw refused(`The name ${name} is too long.`);
  return names;
}

function subfolder(folder: Growing, name: string, path: string): Growing {
  const there = folder.get(name);
  if (there instanceof Map) return there;
  if (there) throw refused(`${path} is below ${there.path}, which is no folder.`);
  const made: Growing = new Map();
  folder.set(name, made);
  return made;
}

function folderNode(name: string, folder: Growing): FolderNode {
  // By bytes, as readers search: the order of UTF-16 is another one beyond the basic plane.
  const names = [...folder.keys()]
    .map((text) => ({ text, bytes: Buffer.from(text) }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const children = names.map(({ text }): ImageNode => {
    const child = folder.get(text)!;
    if (child instanceof Map) return folderNode(text, child);
    return child.kind === 'file'
      ? { kind: 'file', name: text, entry: child }
      : { kind: 'link', name: text, entry: child };
  });
  return { kind: 'folder', name, children };
}

function refused(message: string): PackError {
  return new PackError('PACK_FILE_REFUSED', message);
}
