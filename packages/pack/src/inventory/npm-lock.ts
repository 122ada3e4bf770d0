import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';

/** What a lock file says of one package. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** `sha512-…` of its tarball; `undefined` where the lock file has none. */
  readonly integrity: string | undefined;
  readonly resolved: string | undefined;
  /** It came inside the tarball of the package around it. */
  readonly bundled: boolean;
  /** It is a link to a folder of the project. */
  readonly link: boolean;
}

/** A lock file of npm. */
export interface NpmLock {
  /** The file's name. */
  readonly name: string;
  /** The folder that it is about, absolute. */
  readonly folder: string;
  /** By place: `node_modules/a/node_modules/b`. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
}

interface RawPackage {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly inBundle?: boolean;
  readonly bundled?: boolean;
  readonly link?: boolean;
  readonly dependencies?: Readonly<Record<string, RawPackage>>;
}

/**
 * Reads a folder's npm-shrinkwrap.json or package-lock.json, of any version; `null` where there is none.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG`
 */
export function readNpmLock(folder: string): NpmLock | null {
  const name = ['npm-shrinkwrap.json', 'package-lock.json'].find((one) => existsSync(path.join(folder, one)));
  if (name === undefined) return null;
  const file = path.join(folder, name);
  let raw: { packages?: Record<string, RawPackage>; dependencies?: Record<string, RawPackage> } | null;
  try {
    raw = JSON.parse(readFileSync(file, 'utf8')) as typeof raw;
  } catch (cause) {
    throw new PackError('PACK_PROJECT_WRONG', `${file} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  const packages = new Map<string, LockedPackage>();
  if (raw?.packages) {
    for (const [place, entry] of Object.entries(raw.packages))
      packages.set(place, lockedPackage(place, entry));
  } else addNested(packages, '', raw?.dependencies ?? {});
  return { name, folder, packages };
}

/** Lock files of version 1 nest packages as the folders do. */
function addNested(
  packages: Map<string, LockedPackage>,
  around: string,
  dependencies: Readonly<Record<string, RawPackage>>,
): void {
  for (const [name, entry] of Object.entries(dependencies)) {
    const place = `${around}node_modules/${name}`;
    packages.set(place, lockedPackage(place, entry));
    addNested(packages, `${place}/`, entry.dependencies ?? {});
  }
}

function lockedPackage(place: string, entry: RawPackage): LockedPackage {
  return {
    name: entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version: entry.version ?? '',
    integrity: entry.integrity,
    resolved: entry.resolved,
    bundled: entry.inBundle === true || entry.bundled === true,
    link: entry.link === true,
  };
}
