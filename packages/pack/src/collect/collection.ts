import { readFileSync, readlinkSync, type Stats } from 'node:fs';
import { PackError } from '../pack-error.ts';
import type { ImageEntry } from '../squashfs/image-tree.ts';
import { reasonToLeaveOut } from './left-out.ts';

/** Something that is not in a pack, and why. */
export interface LeftOut {
  /** In the image, had it gone in. */
  readonly path: string;
  readonly why: string;
}

/** A file of an image, and whose it is. */
export interface Collected {
  readonly entry: ImageEntry;
  /** `own`, `sharp 0.35.5`, `runtime`, `libraries`. */
  readonly owner: string;
  /** Of a file that the build made: the files of the disk that it was made from, absolute. */
  readonly madeFrom?: readonly string[];
}

/** Grows while a project is looked at: what goes in, what stays out, what to say about it. */
export class Collection {
  readonly leftOut: LeftOut[] = [];
  /** What may not work, a sentence each. */
  readonly warnings: string[] = [];
  readonly #files = new Map<string, Collected>();
  readonly #manifests = new Map<string, { readonly type?: unknown } | undefined>();
  readonly #keep: readonly string[];

  /** @param keep paths in the image that go in though they would be left out */
  constructor(keep: readonly string[] = []) {
    this.#keep = keep;
  }

  get files(): readonly Collected[] {
    return [...this.#files.values()];
  }

  get(path: string): ImageEntry | undefined {
    return this.#files.get(path)?.entry;
  }

  /** What a package.json in the image says; undefined where there is none. */
  manifest(path: string): { readonly type?: unknown } | undefined {
    const known = this.#manifests.get(path);
    if (known !== undefined || this.#manifests.has(path)) return known;
    const entry = this.get(path);
    const manifest = entry?.kind === 'file' ? parsed(entry.content) : undefined;
    this.#manifests.set(path, manifest);
    return manifest;
  }

  /** What was there first stays: the same file may be reached in two ways. */
  add(entry: ImageEntry, owner: string, madeFrom?: readonly string[]): void {
    if (!this.#files.has(entry.path))
      this.#files.set(entry.path, { entry, owner, ...(madeFrom ? { madeFrom } : {}) });
  }

  /** Puts content in, as if it were a file. */
  addText(path: string, text: string, owner: string): void {
    const content = Buffer.from(text);
    this.add({ kind: 'file', path, executable: false, size: content.length, content }, owner);
  }

  /** Puts another entry in the place of one. */
  replace(entry: ImageEntry, madeFrom: readonly string[]): void {
    const owner = this.#files.get(entry.path)?.owner ?? 'own';
    this.#files.set(entry.path, { entry, owner, madeFrom });
  }

  remove(path: string): void {
    this.#files.delete(path);
  }

  leaveOut(path: string, why: string): void {
    this.leftOut.push({ path, why });
  }

  /** False for a folder that stays out with all that is in it. */
  mayEnter(path: string): boolean {
    const why = this.#isKept(path) ? undefined : reasonToLeaveOut(path, () => '');
    if (why !== undefined) this.leaveOut(path, why);
    return why === undefined;
  }

  /**
   * Puts a file, a link or an empty folder of the disk in, unless it must stay out.
   *
   * @returns false where it stayed out
   * @throws {@link PackError} `PACK_FILE_REFUSED` for devices, sockets, and files that run as another user
   */
  addFromDisk(file: string, stats: Stats, path: string, owner: string, target?: string): boolean {
    const why = this.#isKept(path) ? undefined : reasonToLeaveOut(path, () => headOf(file, stats));
    if (why !== undefined) {
      this.leaveOut(path, why);
      return false;
    }
    if (stats.isSymbolicLink()) this.add({ kind: 'link', path, target: target ?? readlinkSync(file) }, owner);
    else if (stats.isDirectory()) this.add({ kind: 'folder', path }, owner);
    else if (stats.isFile()) {
      if ((stats.mode & 0o6000) !== 0)
        throw new PackError(
          'PACK_FILE_REFUSED',
          `${file} has a set-user-id or set-group-id bit, and no pack may: take it off by chmod ug-s.`,
        );
      const executable = (stats.mode & 0o100) !== 0;
      this.add({ kind: 'file', path, executable, size: stats.size, content: file }, owner);
    } else
      throw new PackError(
        'PACK_FILE_REFUSED',
        `${file} is a device, a pipe or a socket: leave it out by "leaveOut" in pack.json.`,
      );
    return true;
  }

  /** What is named, what is below it, and the folders on the way to it. */
  #isKept(path: string): boolean {
    return this.#keep.some(
      (kept) => kept === path || path.startsWith(`${kept}/`) || kept.startsWith(`${path}/`),
    );
  }
}

/** The first bytes of a file, for what its content says about it. Keys are small. */
function headOf(file: string, stats: Stats): string {
  return stats.isFile() && stats.size <= 65_536 ? readFileSync(file, 'latin1') : '';
}

function parsed(content: string | Uint8Array): { readonly type?: unknown } | undefined {
  try {
    const text =
      typeof content === 'string' ? readFileSync(content, 'utf8') : Buffer.from(content).toString();
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    // Node would refuse it too, when it gets there.
    return undefined;
  }
}
