import { createHash } from 'node:crypto';
import { existsSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { collectProject } from '../build/collect-project.ts';
import { fileSource } from '../byte-source.ts';
import type { Collected } from '../collect/collection.ts';
import { projectBoundary } from '../collect/node-packages.ts';
import { checkPack } from '../file/read-pack.ts';
import type { Declaration, DeclarationStatus } from './declaration.ts';
import { Declarers, type InventoryPlace } from './declarers.ts';
import {
  collectedInputs,
  folderInputs,
  type InventoryInput,
  packedInputs,
  packedPaths,
} from './inventory-input.ts';

/** One file, and who declared it. */
export interface InventoryRow extends Declaration {
  /** In the image, or below the folder. */
  readonly path: string;
  readonly kind: 'file' | 'link';
  /** Bytes. */
  readonly size: number;
  /** Of the content, or of the text of a link; hexadecimal. */
  readonly sha256: string;
}

/** Every file of a pack, or of a folder. */
export interface Inventory {
  /** What it is of: a pack; what a build would pack; a folder as it is. */
  readonly of: 'pack' | 'build' | 'folder';
  readonly name: string;
  readonly version: string;
  /** Of a pack: its identity. */
  readonly root: string | undefined;
  /** Sorted by path. */
  readonly rows: readonly InventoryRow[];
  readonly counts: Readonly<Record<DeclarationStatus, number>>;
}

/** What an inventory may be told. */
export interface InventoryOptions {
  /** Of a pack: the project that it was built from, whose lock file, git and build it is compared with. */
  readonly project?: string | undefined;
  /** Compare with what is on this machine alone. */
  readonly offline?: boolean | undefined;
  /** Default: `/var/lib/dpkg`. */
  readonly dpkgDatabase?: string | undefined;
}

/**
 * Compares each file of a pack, or of a folder, with what declared it: the tarball that the lock file's integrity
 * names, pip's RECORD, dpkg's md5sums, git's index. What could not be compared is `unchecked`, never the same.
 *
 * Of a folder with a pack.json it is about what its build would pack, of another about all that is in it.
 *
 * @throws {@link PackError}, for a pack all that `checkPack` throws
 */
export async function inventory(file: string, options: InventoryOptions = {}): Promise<Inventory> {
  if (!statSync(file).isDirectory()) return await packInventory(file, options);
  const folder = realpathSync(file);
  if (existsSync(path.join(folder, 'pack.json'))) {
    const { collection, name, version, kind } = await collectProject(folder);
    const rows = await collectionInventory(collection.files, folder, kind, options);
    return { of: 'build', name, version, root: undefined, rows, counts: countsOf(rows) };
  }
  const rows = await rowsOf(folderInputs(folder), placeOf(folder, folder, '', options));
  return {
    of: 'folder',
    name: path.basename(folder),
    version: '',
    root: undefined,
    rows,
    counts: countsOf(rows),
  };
}

/** As {@link inventory}, of what a build collected. */
export async function collectionInventory(
  files: readonly Collected[],
  project: string,
  kind: 'program' | 'bundle',
  options: Omit<InventoryOptions, 'project'> = {},
): Promise<InventoryRow[]> {
  const folder = realpathSync(project);
  const into = kind === 'program' ? 'app' : '';
  return await rowsOf(collectedInputs(files), placeOf(folder, projectBoundary(folder), into, options));
}

/** True for a file that somebody must look at: what `--strict` fails on. */
export function isConspicuous({ status }: Declaration): boolean {
  return status === 'differs' || status === 'undeclared' || status === 'unchecked';
}

async function packInventory(file: string, options: InventoryOptions): Promise<Inventory> {
  using source = fileSource(file);
  const pack = checkPack(source);
  const { name, version, kind, root } = pack.header;
  const project = options.project === undefined ? undefined : realpathSync(options.project);
  const collected = project === undefined ? [] : await collectedFor(project, await packedPaths(pack));
  const inputs = await packedInputs(pack, collected);
  const boundary = project === undefined ? undefined : projectBoundary(project);
  const rows = await rowsOf(inputs, placeOf(project, boundary, kind === 'program' ? 'app' : '', options));
  return { of: 'pack', name, version, root, rows, counts: countsOf(rows) };
}

/** What the project's build would pack now, with the runtime if the pack has one, and without what a trace left away. */
async function collectedFor(project: string, paths: ReadonlySet<string>): Promise<readonly Collected[]> {
  const withNode = paths.has('runtime/bin/node');
  const runtime = { withNode, withPython: !withNode && [...paths].some((one) => one.startsWith('runtime/')) };
  const { files } = (await collectProject(project, runtime)).collection;
  const origins = files.flatMap(({ entry }) =>
    paths.has(entry.path) && entry.kind === 'file' && typeof entry.content === 'string'
      ? [entry.content]
      : [],
  );
  if (files.every(({ entry }) => entry.kind === 'folder' || paths.has(entry.path))) return files;
  return (await collectProject(project, { ...runtime, only: new Set(origins) })).collection.files;
}

function placeOf(
  project: string | undefined,
  boundary: string | undefined,
  into: string,
  options: InventoryOptions,
): InventoryPlace {
  return { project, boundary, into, offline: options.offline === true, dpkgDatabase: options.dpkgDatabase };
}

async function rowsOf(inputs: readonly InventoryInput[], place: InventoryPlace): Promise<InventoryRow[]> {
  const declarers = new Declarers(place);
  await declarers.prepare(inputs);
  const rows: InventoryRow[] = [];
  for (const input of inputs) {
    const content = input.read();
    const declaration = await declarers.declarationOf({ ...input, read: () => content });
    const { path: at, kind } = input;
    const hash = createHash('sha256').update(content).digest('hex');
    rows.push({ path: at, kind, size: content.length, sha256: hash, ...declaration });
  }
  return rows.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function countsOf(rows: readonly InventoryRow[]): Record<DeclarationStatus, number> {
  const counts = { same: 0, differs: 0, undeclared: 0, unchecked: 0, list: 0 };
  for (const { status } of rows) counts[status] += 1;
  return counts;
}
