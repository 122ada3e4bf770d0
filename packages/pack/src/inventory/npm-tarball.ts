import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { LockedPackage, NpmLock } from './npm-lock.ts';

/** Files of a tarball, as npm unpacks them: path to sha256, hexadecimal. */
export type TarballFiles = ReadonlyMap<string, string>;

/** Packages asked of the registry in one call. */
const atOnce = 40;
const hashes = ['sha512', 'sha384', 'sha256', 'sha1'] as const;

/** Finds tarballs by the integrity that a lock file names: in npm's cache, else from the registry npm is set to. */
export class NpmTarballs {
  readonly #lock: NpmLock;
  readonly #offline: boolean;
  readonly #known = new Map<string, TarballFiles | string>();
  #cache: string | undefined;

  constructor(lock: NpmLock, offline: boolean) {
    this.#lock = lock;
    this.#offline = offline;
  }

  /** Gets what the cache lacks, many at once. What cannot be got is told by {@link filesOf}. */
  async prepare(packages: readonly LockedPackage[]): Promise<void> {
    if (this.#offline) return;
    const wanted = packages.filter(
      ({ integrity, name, version, resolved }) =>
        integrity !== undefined &&
        !resolved?.startsWith('file:') &&
        /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/i.test(name) &&
        /^\d+\.\d+\.\d+[0-9A-Za-z.+-]*$/.test(version) &&
        !this.#cached(integrity),
    );
    const names = [...new Set(wanted.map(({ name, version }) => `${name}@${version}`))];
    for (let at = 0; at < names.length; at += atOnce)
      // npm knows its registries, proxies and passwords; one package that is not there must not keep the others away.
      await addToCache(this.#lock.folder, names.slice(at, at + atOnce));
  }

  /** The files of a package's tarball, or why it cannot be compared. */
  async filesOf(locked: LockedPackage): Promise<TarballFiles | string> {
    const { integrity } = locked;
    if (integrity === undefined) return `${this.#lock.name} has no integrity for it`;
    const known = this.#known.get(integrity);
    if (known !== undefined) return known;
    const bytes = this.#cached(integrity) ?? this.#local(locked);
    const found = bytes
      ? await tarballFiles(bytes).catch(() => 'its tarball cannot be read')
      : `its tarball is not in npm's cache${this.#offline ? '' : ' and did not come from the registry'}`;
    this.#known.set(integrity, found);
    return found;
  }

  #cached(integrity: string): Uint8Array | undefined {
    this.#cache ??= cacheFolder(this.#lock.folder);
    for (const { algorithm, hex } of digests(integrity)) {
      const file = path.join(this.#cache, algorithm, hex.slice(0, 2), hex.slice(2, 4), hex.slice(4));
      const bytes = existsSync(file) ? readFileSync(file) : undefined;
      if (bytes && holds(bytes, integrity)) return bytes;
    }
    return undefined;
  }

  #local({ resolved, integrity }: LockedPackage): Uint8Array | undefined {
    if (!resolved?.startsWith('file:')) return undefined;
    const file = fileURLToPath(
      new URL(resolved.slice('file:'.length), pathToFileURL(`${this.#lock.folder}/`)),
    );
    const bytes = existsSync(file) ? readFileSync(file) : undefined;
    return bytes && holds(bytes, integrity!) ? bytes : undefined;
  }
}

/** All names in a tarball but for its first folder, which npm takes away. */
async function tarballFiles(bytes: Uint8Array): Promise<TarballFiles> {
  const { Parser } = await import('tar');
  const files = new Map<string, string>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry(entry) {
        const name = entry.path.replace(/^[^/]+\//, '');
        if (!/^(?:Old|Contiguous)?File$/.test(entry.type)) {
          entry.resume();
          return;
        }
        const hash = createHash('sha256');
        entry.on('data', (chunk) => hash.update(chunk));
        entry.on('end', () => files.set(name, hash.digest('hex')));
      },
    });
    parser.on('end', resolve);
    parser.on('error', reject);
    parser.end(Buffer.from(bytes));
  });
  // npm writes a .gitignore as .npmignore where the package has none.
  for (const [name, hash] of files)
    if (path.posix.basename(name) === '.gitignore') {
      const renamed = path.posix.join(path.posix.dirname(name), '.npmignore');
      if (!files.has(renamed)) files.set(renamed, hash);
    }
  return files;
}

function digests(integrity: string): { readonly algorithm: string; readonly hex: string }[] {
  return integrity.split(/\s+/).flatMap((one) => {
    const [, algorithm, digest] = /^(\w+)-([A-Za-z0-9+/=]+)/.exec(one) ?? [];
    if (!hashes.includes(algorithm as 'sha512')) return [];
    return [{ algorithm: algorithm!, hex: Buffer.from(digest!, 'base64').toString('hex') }];
  });
}

/** By the strongest hash that the lock file names, as npm compares. */
function holds(bytes: Uint8Array, integrity: string): boolean {
  const named = digests(integrity);
  const best = hashes.find((algorithm) => named.some((one) => one.algorithm === algorithm));
  if (best === undefined) return false;
  const actual = createHash(best).update(bytes).digest('hex');
  return named.some(({ algorithm, hex }) => algorithm === best && hex === actual);
}

function cacheFolder(folder: string): string {
  let cache: string;
  try {
    cache = execFileSync('npm', ['config', 'get', 'cache'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    cache = path.join(process.env['HOME'] ?? '/', '.npm');
  }
  return path.join(cache, '_cacache', 'content-v2');
}

async function addToCache(folder: string, names: readonly string[]): Promise<void> {
  try {
    await promisify(execFile)('npm', ['cache', 'add', '--ignore-scripts', '--loglevel=silent', ...names], {
      cwd: folder,
      timeout: 120_000,
    });
  } catch {
    if (names.length === 1) return;
    for (const name of names) await addToCache(folder, [name]);
  }
}
