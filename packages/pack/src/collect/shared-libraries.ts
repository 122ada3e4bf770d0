import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { machine } from 'node:os';
import path from 'node:path';
import type { ImageFile } from '../squashfs/image-tree.ts';
import type { Collection } from './collection.ts';
import { compareVersions, type Elf, isElf, readElf, strippedElf } from './elf.ts';

/** What the target's glibc brings: the loader among them, so that all are of one version. */
const glibcLibraries =
  /^(?:ld-linux.*|libc|libm|libdl|libpthread|librt|libresolv|libutil|libanl|libnsl|libBrokenLocale|libmvec|libthread_db|libnss_.*)\.so(?:\.\d+)?$/;

/** Whose files they are in lists. */
const owner = 'libraries';

/** What is said of the native files of an image. */
export interface NativeFiles {
  /** As `uname -m` says it, or `any` where there are none. */
  readonly arch: string;
  /** The oldest glibc with which they run, `0` where there are none. */
  readonly glibc: string;
  /** True where `/lib` of the image has libraries. */
  readonly carries: boolean;
}

/**
 * Looks at the native files collected: those for other systems go out, and the shared libraries that the others need,
 * and neither glibc nor the image has, come in, as `/lib/<name>`.
 *
 * @param broughtByRuntime libraries that the program which loads the files has loaded already
 */
export function addSharedLibraries(
  collection: Collection,
  broughtByRuntime: readonly string[] = [],
): NativeFiles {
  const arch = machine();
  const elves = new Map<string, Elf>();
  for (const { entry, owner: of } of collection.files) {
    if (entry.kind !== 'file') continue;
    const isAddon = entry.path.endsWith('.node');
    if (!isAddon && !entry.executable && !/\.so(?:\.[\d.]+)?$/.test(entry.path)) continue;
    const elf = readElfFile(entry);
    const why = elf ? foreign(elf, arch) : isAddon ? 'it is for another system' : undefined;
    if (why !== undefined) {
      collection.remove(entry.path);
      collection.leaveOut(entry.path, why);
      if (isAddon) warnOfForeign(collection, of);
    } else if (elf) elves.set(entry.path, elf);
  }
  const open = [...elves];
  const all = new Map(elves);
  for (let next = open.pop(); next; next = open.pop()) {
    const [file, elf] = next;
    for (const name of elf.needed) {
      if (
        glibcLibraries.test(name) ||
        broughtByRuntime.includes(name) ||
        isInImage(name, file, elf, collection, all)
      )
        continue;
      const found = searchedLibrary(name, elf) ?? systemLibrary(name, arch);
      if (found === undefined) {
        collection.warnings.push(
          `${file} needs ${name}, which is not on this machine: install it before the build.`,
        );
        continue;
      }
      // A Python that was built with its symbols has twice the size.
      const content = name.startsWith('libpython') ? strippedElf(readFileSync(found)) : found;
      const size = typeof content === 'string' ? statSync(content).size : content.length;
      const entry: ImageFile = { kind: 'file', path: `lib/${name}`, executable: false, size, content };
      const library = readElfFile(entry);
      if (!library) continue;
      collection.add(entry, owner, typeof content === 'string' ? undefined : [found]);
      all.set(entry.path, library);
      open.push([entry.path, library]);
    }
  }
  const versions = [...all.values()].map(({ glibc }) => glibc).sort(compareVersions);
  return {
    arch: all.size > 0 ? arch : 'any',
    glibc: versions.at(-1) ?? '0',
    carries: collection.files.some(({ owner: of }) => of === owner),
  };
}

function foreign(elf: Elf, arch: string): string | undefined {
  if (elf.arch !== arch) return `it is for ${elf.arch}, and the pack is for ${arch}`;
  if (elf.needed.some((name) => name.startsWith('libc.musl')))
    return 'it is for musl, and the pack is for glibc';
  return undefined;
}

/** Packages bring addons for every system; one that has none for this one will not work. */
function warnOfForeign(collection: Collection, owner: string): void {
  const has = collection.files.some(({ entry, owner: of }) => of === owner && entry.path.endsWith('.node'));
  const warning = `${owner} has native addons for other systems only: npm rebuild, on the system that the pack is for.`;
  if (!has && !collection.warnings.includes(warning)) collection.warnings.push(warning);
}

/** True where the loader finds the library in the image: beside the file that needs it, or already loaded. */
function isInImage(
  name: string,
  file: string,
  elf: Elf,
  collection: Collection,
  all: ReadonlyMap<string, Elf>,
): boolean {
  if (collection.get(`lib/${name}`)) return true;
  const folder = path.posix.dirname(file);
  for (const searched of elf.searched) {
    const place = path.posix.normalize(searched.replace(/\$(?:ORIGIN|\{ORIGIN\})/, folder));
    if (collection.get(`${place.replace(/\/$/, '')}/${name}`)) return true;
  }
  // Wheels bring theirs in a folder that a file which is loaded earlier names.
  return [...all].some(([other, { soname }]) => soname === name && other !== file);
}

/** Where the file itself says, on this machine: a Python that was built into a folder of its own. */
function searchedLibrary(name: string, elf: Elf): string | undefined {
  const file = elf.searched
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .find((place) => existsSync(place));
  return file === undefined ? undefined : realpathSync(file);
}

let cached: ReadonlyMap<string, string> | undefined;

function systemLibrary(name: string, arch: string): string | undefined {
  cached ??= loaderCache();
  const folders = [
    `/lib/${arch}-linux-gnu`,
    `/usr/lib/${arch}-linux-gnu`,
    '/lib64',
    '/usr/lib64',
    '/lib',
    '/usr/lib',
    '/usr/local/lib',
  ];
  const found =
    cached.get(name) ?? folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  return found !== undefined && existsSync(found) ? realpathSync(found) : undefined;
}

/** What the loader of this machine knows; nothing where that cannot be asked. */
function loaderCache(): ReadonlyMap<string, string> {
  const libraries = new Map<string, string>();
  try {
    const text = execFileSync('/sbin/ldconfig', ['-p'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const line of text.split('\n')) {
      const [, name, kind, file] = /^\s(\S+) \((.*)\) => (.*)$/.exec(line) ?? [];
      if (name !== undefined && file !== undefined && kind!.includes('64') && !libraries.has(name))
        libraries.set(name, file);
    }
  } catch {
    // The usual folders are looked into then.
  }
  return libraries;
}

function readElfFile(entry: ImageFile): Elf | null {
  if (typeof entry.content !== 'string') return readElf(entry.content);
  const descriptor = openSync(entry.content, 'r');
  try {
    const head = new Uint8Array(4);
    readSync(descriptor, head, 0, 4, 0);
    return isElf(head) ? readElf(readFileSync(entry.content)) : null;
  } finally {
    closeSync(descriptor);
  }
}
