import { existsSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';

/** A package that a program needs. */
export interface NodePackage {
  readonly name: string;
  readonly version: string;
  /** Real path, absolute. */
  readonly folder: string;
  /** Paths in node_modules by which it is found, where those are links to the folder. */
  readonly links: readonly string[];
}

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: unknown;
  readonly type?: unknown;
}

/** The manifest of a folder, or `undefined` where there is none. */
export function readManifest(folder: string): Manifest | undefined {
  const file = path.join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
  } catch (cause) {
    throw new PackError('PACK_PROJECT_WRONG', `${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** The folder that bounds a project: the root of its workspaces, else its own. Nothing from outside is packed. */
export function projectBoundary(project: string): string {
  for (let folder = project; ; folder = path.dirname(folder)) {
    if (
      existsSync(path.join(folder, 'pnpm-workspace.yaml')) ||
      readManifest(folder)?.workspaces !== undefined
    )
      return folder;
    if (folder === path.dirname(folder)) return project;
  }
}

/**
 * The production dependencies of a project and theirs, as Node finds them.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG` for one that is not installed, or lies outside of the boundary
 */
export function nodePackages(project: string, boundary: string): NodePackage[] {
  const found = new Map<string, NodePackage & { links: string[] }>();
  const open = [project];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    const manifest = readManifest(folder);
    if (!manifest) continue;
    const required = Object.keys(manifest.dependencies ?? {});
    const optional = [
      ...Object.keys(manifest.optionalDependencies ?? {}),
      ...Object.keys(manifest.peerDependencies ?? {}),
    ];
    for (const name of new Set([...required, ...optional])) {
      const place = findPackage(name, folder, boundary);
      if (place === undefined) {
        // A package lists its optional dependencies under both names in some lock files.
        if (optional.includes(name)) continue;
        throw new PackError(
          'PACK_PROJECT_WRONG',
          `The dependency '${name}' of ${folder === project ? 'package.json' : path.relative(boundary, folder)} is not installed: npm install.`,
        );
      }
      const real = realpathSync(place);
      if (!isBelow(real, boundary))
        throw new PackError(
          'PACK_FILE_REFUSED',
          `The dependency '${name}' is a link out of the project, to ${real}: install it instead (npm install --install-links).`,
        );
      let known = found.get(real);
      if (!known) {
        const own = readManifest(real);
        known = { name: own?.name ?? name, version: own?.version ?? '0.0.0', folder: real, links: [] };
        found.set(real, known);
        open.push(real);
      }
      if (place !== real && !known.links.includes(place)) known.links.push(place);
    }
  }
  found.delete(project);
  return [...found.values()].sort((a, b) => (a.folder < b.folder ? -1 : 1));
}

/** As Node looks for it: node_modules here, then in each folder above. */
function findPackage(name: string, from: string, boundary: string): string | undefined {
  for (let folder = from; isBelow(folder, boundary); folder = path.dirname(folder)) {
    if (path.basename(folder) === 'node_modules') continue;
    const place = path.join(folder, 'node_modules', name);
    if (existsSync(path.join(place, 'package.json'))) return place;
    if (folder === path.dirname(folder)) break;
  }
  return undefined;
}

/** True for a folder and what is in it. */
export function isBelow(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative !== '..' && !relative.startsWith('../') && !path.isAbsolute(relative);
}
