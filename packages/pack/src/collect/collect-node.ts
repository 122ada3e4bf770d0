import { existsSync, lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import type { PackSettings } from '../settings.ts';
import { addFolder, imagePath, type Mapping } from './add-folder.ts';
import type { Collection } from './collection.ts';
import { compileTypeScript, isDeclaration, isTypeScript } from './compile-typescript.ts';
import { nodePackages, projectBoundary } from './node-packages.ts';

/** In which folder of the image a project stands. */
export const appFolder = 'app';

/** Where a program stands. */
export interface NodeProgram {
  /** The entry in the image. */
  readonly entry: string;
  /** The entry on the disk, before it was compiled; absolute. */
  readonly source: string;
  readonly boundary: string;
  /** The place in the image of a file of the disk; of TypeScript, that of what it became. */
  placeOf(file: string): string;
}

/**
 * Puts a Node program in: its own files, and its production dependencies where Node finds them; TypeScript compiled.
 *
 * @returns where it stands in the image
 * @throws {@link PackError} `PACK_PROJECT_WRONG`, `PACK_FILE_REFUSED`
 */
export async function collectNode(
  collection: Collection,
  folder: string,
  settings: PackSettings,
  only?: ReadonlySet<string>,
): Promise<NodeProgram> {
  const project = realpathSync(folder);
  const boundary = projectBoundary(project);
  const into = appFolder;
  const leaveOut = new Set(settings.leaveOut.map((file) => path.join(project, file)));
  const own: Mapping = {
    boundary,
    into,
    owner: 'own',
    skip: (file, stats) =>
      leaveOut.has(file) || (stats.isDirectory() && path.basename(file) === 'node_modules'),
  };
  for (const file of projectFiles(project, settings)) addFolder(collection, file, own);
  addManifests(collection, project, own);
  tellOfSecrets(collection, project, own);
  for (const { name, version, folder: of, links } of nodePackages(project, boundary)) {
    const isOwn = !of.includes('/node_modules/');
    const mapping: Mapping = {
      boundary,
      into,
      owner: `${name} ${version}`,
      skip: (file, stats) =>
        leaveOut.has(file) ||
        file === path.join(of, 'node_modules') ||
        (isOwn && path.basename(file) === 'node_modules') ||
        (!isOwn && notTraced(file, stats, only)),
    };
    addFolder(collection, of, mapping);
    for (const link of links) {
      const target = path.relative(path.dirname(link), of);
      collection.add({ kind: 'link', path: imagePath(link, boundary, into), target }, mapping.owner);
    }
  }
  const compiled = await compileOwn(collection, boundary);
  const entry = imagePath(path.join(project, settings.entry!), boundary, into);
  return {
    entry: entryFile(collection, entry, settings.entry!),
    source: path.join(project, settings.entry!),
    boundary,
    placeOf: (file) => imagePath(compiled.get(file) ?? file, boundary, into),
  };
}

/** Files of the project's own folder that stay out of every pack are told of, whether pack.json names them or not. */
export function tellOfSecrets(collection: Collection, project: string, mapping: Mapping): void {
  for (const name of readdirSync(project).sort()) {
    const file = path.join(project, name);
    const inImage = imagePath(file, mapping.boundary, mapping.into);
    const known = collection.get(inImage) ?? collection.leftOut.some((one) => one.path === inImage);
    if (!known && !mapping.skip(file, lstatSync(file))) collection.mayEnter(inImage);
  }
}

/**
 * With a list of what a run loaded: true for a dependency's file that is not in it. Manifests decide how files are found,
 * and libraries are loaded by other libraries, which no trace of modules sees: they stay.
 */
export function notTraced(file: string, stats: Stats, only: ReadonlySet<string> | undefined): boolean {
  if (!only || !stats.isFile() || only.has(file)) return false;
  return path.basename(file) !== 'package.json' && !/\.so(?:\.[\d.]+)?$/.test(file);
}

/** What pack.json names, else the entry's folder. */
export function projectFiles(project: string, settings: PackSettings): string[] {
  const { entry } = settings;
  const named =
    settings.files.length > 0 ? settings.files : entry === undefined ? ['.'] : [path.dirname(entry)];
  const all = [...named, ...(entry === undefined ? [] : [entry]), ...settings.keep];
  return [...new Set(all)].map((file) => {
    const full = path.join(project, file);
    if (!existsSync(full))
      throw new PackError(
        'PACK_PROJECT_WRONG',
        file === entry
          ? `The entry '${file}' does not exist: name the file that starts in pack.json.`
          : `There is no '${file}', which pack.json names.`,
      );
    return full;
  });
}

/** Node looks for package.json in each folder on the way up; what stands there decides how a file is loaded. */
function addManifests(collection: Collection, project: string, mapping: Mapping): void {
  for (let folder = project; ; folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (existsSync(file)) addFolder(collection, file, mapping);
    if (folder === mapping.boundary) return;
  }
}

/** A link from each name of TypeScript to what it became: workers and children are started by that name. */
async function compileOwn(collection: Collection, boundary: string): Promise<ReadonlyMap<string, string>> {
  const sources: string[] = [];
  for (const { entry } of collection.files) {
    if (entry.kind !== 'file' || typeof entry.content !== 'string' || entry.path.includes('/node_modules/'))
      continue;
    if (isDeclaration(entry.path)) {
      collection.remove(entry.path);
      collection.leaveOut(entry.path, 'it has types alone');
    } else if (isTypeScript(entry.path)) sources.push(entry.content);
  }
  const outputs = new Map<string, string>();
  if (sources.length === 0) return outputs;
  const compiled = await compileTypeScript(sources, boundary);
  for (const source of sources) {
    const place = imagePath(source, boundary, appFolder);
    const made = compiled.get(source);
    const output = made?.file ?? source.replace(/\.([mc]?)tsx?$/, '.$1js');
    if (made) {
      const content = made.text;
      const file = imagePath(made.file, boundary, appFolder);
      collection.add({ kind: 'file', path: file, executable: false, size: content.length, content }, 'own', [
        source,
      ]);
    }
    outputs.set(source, output);
    collection.replace({ kind: 'link', path: place, target: path.basename(output) }, [source]);
  }
  return outputs;
}

/** The entry itself, or what it was compiled to. */
function entryFile(collection: Collection, entry: string, shown: string): string {
  const found = collection.get(entry);
  if (found?.kind === 'link') return path.posix.join(path.posix.dirname(entry), found.target);
  if (found?.kind === 'file') return entry;
  throw new PackError('PACK_PROJECT_WRONG', `The entry '${shown}' is no file that goes in.`);
}

/** True where a project is one for Node. */
export function isNodeEntry(entry: string): boolean {
  return /\.[mc]?[jt]sx?$/.test(entry);
}
