import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import type { LockedPackage, NpmLock } from './npm-lock.ts';

/** A lock file that names packages by name and version, not by the place where they are installed. */
export interface VersionLock {
  /** The file's name. */
  readonly name: string;
  /** The folder that it is about, absolute. */
  readonly folder: string;
  /** By `name@version`. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
  /**
   * By `name@version` of a package, or by a folder of the project: to what its names lead, `1.2.3` or `link:` and a
   * path from that folder. `undefined` where the lock file does not say it.
   */
  readonly names: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>> | undefined;
}

/**
 * Reads a folder's pnpm-lock.yaml or yarn.lock, `null` where there is neither.
 *
 * The checksums of Yarn from 2 on are of its own archives, not of what the registry has: they are no integrity.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG`
 */
export async function readVersionLock(folder: string): Promise<VersionLock | null> {
  const name = ['pnpm-lock.yaml', 'yarn.lock'].find((one) => existsSync(path.join(folder, one)));
  if (name === undefined) return null;
  const file = path.join(folder, name);
  const text = readFileSync(file, 'utf8');
  if (/^# yarn lockfile v1$/m.test(text))
    return { name, folder, packages: classicYarnPackages(text), names: undefined };
  let lock: unknown;
  try {
    const { parse } = await import('yaml');
    lock = parse(text, { maxAliasCount: 0 }) as unknown;
  } catch (cause) {
    throw new PackError('PACK_PROJECT_WRONG', `${file} cannot be read: ${(cause as Error).message}.`, {
      cause,
    });
  }
  if (name === 'yarn.lock') return { name, folder, packages: yarnPackages(fields(lock)), names: undefined };
  return { name, folder, ...pnpmPackages(fields(lock)) };
}

/** What a package.json among the files says, by the place of its package. */
export type Manifests = ReadonlyMap<string, { readonly name: string; readonly version: string }>;

/** Where packages are installed, as npm's lock files say it: by what the manifests there say that they are. */
export function placedLock(lock: VersionLock, manifests: Manifests, links: Links): NpmLock {
  const packages = new Map<string, LockedPackage>();
  for (const [place, { name, version }] of manifests) {
    const locked = lock.packages.get(`${name}@${version}`);
    if (locked) packages.set(place, locked);
    // It came inside the package around it, if that has it.
    else packages.set(place, { ...unknown, name, version, bundled: true });
  }
  for (const [place, leadsTo] of links)
    if (leadsRightly(lock, packages, manifests, place, leadsTo))
      packages.set(place, {
        ...unknown,
        name: path.posix.basename(place),
        version: '',
        resolved: leadsTo,
        link: true,
      });
  return { name: lock.name, folder: lock.folder, packages };
}

/** Links in folders of packages, by place: to what place they lead. */
export type Links = ReadonlyMap<string, string>;

const unknown = { integrity: undefined, resolved: undefined, bundled: false, link: false } as const;

/** True where the lock file names this link: what stands beside it may use the package by that name. */
function leadsRightly(
  { names }: VersionLock,
  packages: ReadonlyMap<string, LockedPackage>,
  manifests: Manifests,
  place: string,
  leadsTo: string,
): boolean {
  const [, user, name] = /^(?:(.*)\/)?node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place) ?? [];
  if (name === undefined || !names) return false;
  // Beside the packages that a package uses stands, under its own name, the package itself.
  const owners = /(?:^|\/)\.pnpm\/[^/]+$/.test(user ?? '')
    ? [...manifests]
        .filter(
          ([at]) =>
            at.startsWith(`${user}/node_modules/`) && !at.slice(user!.length + 14).includes('/node_modules/'),
        )
        .map(([, own]) => `${own.name}@${own.version}`)
    : [`folder ${user ?? '.'}`];
  const locked = packages.get(leadsTo);
  // For those that use what they do not name, pnpm puts a link to some version of everything there.
  if (user === 'node_modules/.pnpm') return locked?.name === name;
  return owners.some((owner) =>
    (names.get(owner)?.[name] ?? []).some((wanted) =>
      wanted.startsWith('link:')
        ? path.posix.join(user ?? '.', wanted.slice('link:'.length)) === leadsTo
        : locked !== undefined &&
          (wanted === locked.version || wanted === `${locked.name}@${locked.version}`),
    ),
  );
}

/** `"a@^1.0.0", a@~1:`, and below it lines of a name and a value. */
function classicYarnPackages(text: string): Map<string, LockedPackage> {
  const packages = new Map<string, LockedPackage>();
  for (const block of text.split(/\n(?=\S)/)) {
    const [, asked] = /^"?((?:@[^/\s"]+\/)?[^@\s",]+)@[^\n]*:$/m.exec(block) ?? [];
    const valueOf = (field: string) => new RegExp(`^  ${field} "?([^"\\n]+)"?$`, 'm').exec(block)?.[1];
    const [version, resolved] = [valueOf('version'), valueOf('resolved')];
    if (asked === undefined || version === undefined) continue;
    // "alias@npm:name@range" stands for another package than it is called.
    const name = /^"?(?:@[^/\s"]+\/)?[^@\s",]+@npm:((?:@[^/\s"]+\/)?[^@\s",]+)/.exec(block)?.[1] ?? asked;
    packages.set(`${name}@${version}`, {
      ...unknown,
      name,
      version,
      integrity: valueOf('integrity'),
      resolved: resolved?.replace(/#[0-9a-f]*$/, ''),
    });
  }
  return packages;
}

function yarnPackages(lock: Fields): Map<string, LockedPackage> {
  const packages = new Map<string, LockedPackage>();
  for (const entry of Object.values(lock).map(fields)) {
    const { version, resolution } = entry;
    const [, name] = /^((?:@[^/]+\/)?[^@]+)@npm:/.exec(String(resolution)) ?? [];
    if (name !== undefined && typeof version === 'string')
      packages.set(`${name}@${version}`, { ...unknown, name, version });
  }
  return packages;
}

function pnpmPackages(lock: Fields): Pick<VersionLock, 'packages' | 'names'> {
  const packages = new Map<string, LockedPackage>();
  const names = new Map<string, Record<string, string[]>>();
  const addNames = (owner: string, entry: Fields): void => {
    const all = names.get(owner) ?? {};
    names.set(owner, all);
    for (const kind of ['dependencies', 'optionalDependencies', 'devDependencies'])
      for (const [name, value] of Object.entries(fields(entry[kind]))) {
        const version = typeof value === 'string' ? value : String(fields(value)['version'] ?? '');
        const bare = version.startsWith('link:') ? version : version.replace(/\(.*$/, '');
        (Object.hasOwn(all, name) ? all[name]! : (all[name] = [])).push(
          bare,
          bare.replace(/^\//, '').replace(/_.*$/, ''),
        );
      }
  };
  for (const [key, value] of Object.entries(fields(lock['packages']))) {
    const named = pnpmKey(key);
    const { resolution, version = named.version, name = named.name } = fields(value);
    const { integrity, tarball } = fields(resolution);
    if (typeof name !== 'string' || typeof version !== 'string') continue;
    packages.set(`${name}@${version}`, {
      ...unknown,
      name,
      version,
      integrity: typeof integrity === 'string' ? integrity : undefined,
      resolved: typeof tarball === 'string' ? tarball : undefined,
    });
    addNames(`${name}@${version}`, fields(value));
  }
  for (const [key, value] of Object.entries(fields(lock['snapshots']))) {
    const { name, version } = pnpmKey(key);
    addNames(`${name}@${version}`, fields(value));
  }
  const importers = Object.entries(fields(lock['importers']));
  for (const [folder, value] of importers.length > 0 ? importers : [['.', lock] as const])
    addNames(`folder ${folder}`, fields(value));
  return { packages, names };
}

/** `a@1.0.0`, with what it was resolved for in brackets; before version 9 `/a@1.0.0` and `/a/1.0.0_b`. */
function pnpmKey(key: string): { readonly name: string | undefined; readonly version: string | undefined } {
  const [, name, version] = /^\/?((?:@[^/]+\/)?[^/@(]+)[@/]([^(_]+)/.exec(key) ?? [];
  return { name, version };
}

type Fields = Readonly<Record<string, unknown>>;

/** What came from a file may be anything. */
function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
