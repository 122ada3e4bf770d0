import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Declaration, DeclaringPackage } from './declaration.ts';

/** What Debian's packages declared of files. */
export interface DpkgFiles {
  /** Of a file of this machine, absolute; `undefined` where no package brought it. */
  declared(file: string): { readonly package: DeclaringPackage; readonly md5: string } | undefined;
  /** Files whose name begins so: a library is asked for by a shorter name than it has. */
  named(name: string): readonly { readonly package: DeclaringPackage; readonly md5: string }[];
}

interface Row {
  readonly file: string;
  readonly package: DeclaringPackage;
  readonly md5: string;
}

/** Reads dpkg's own database; `null` on a machine that has none. */
export function readDpkgFiles(database = '/var/lib/dpkg'): DpkgFiles | null {
  const info = path.join(database, 'info');
  if (!existsSync(info)) return null;
  const { versions, conffiles } = readStatus(path.join(database, 'status'));
  const rows = new Map<string, Row>();
  for (const name of readdirSync(info)) {
    const [, owner, bare] = /^(([^:]+)(?::[^.]+)?)\.md5sums$/.exec(name) ?? [];
    if (owner === undefined || bare === undefined) continue;
    const version = versions.get(owner) ?? versions.get(bare) ?? '';
    const declaring: DeclaringPackage = { type: 'deb', name: bare, version };
    for (const line of readFileSync(path.join(info, name), 'utf8').split('\n')) {
      const [, md5, file] = /^([0-9a-f]{32}) [ *](.+)$/.exec(line) ?? [];
      if (md5 !== undefined) rows.set(merged(file!), { file: file!, package: declaring, md5 });
    }
  }
  for (const { owner, file, md5 } of conffiles)
    rows.set(merged(file), {
      file,
      package: { type: 'deb', name: owner, version: versions.get(owner) ?? '' },
      md5,
    });
  return {
    declared: (file) => rows.get(merged(file)),
    named: (name) => [...rows.values()].filter(({ file }) => path.posix.basename(file).startsWith(name)),
  };
}

/** Compares a file with what a package of Debian declared. */
export function dpkgDeclaration(
  { package: declaring, md5 }: { readonly package: DeclaringPackage; readonly md5: string },
  content: Uint8Array,
): Declaration {
  const from = { package: declaring, by: 'dpkg' };
  return md5Of(content) === md5
    ? { ...from, status: 'same' }
    : { ...from, status: 'differs', why: "dpkg's md5sums name another content" };
}

/** As dpkg's lists have it. */
export function md5Of(content: Uint8Array): string {
  return createHash('md5').update(content).digest('hex');
}

/** Where /lib is a link to /usr/lib, packages name their files in either way. */
function merged(file: string): string {
  return file.replace(/^\//, '').replace(/^usr\/(?=(?:lib\w*|bin|sbin)\/)/, '');
}

function readStatus(file: string): {
  readonly versions: ReadonlyMap<string, string>;
  readonly conffiles: readonly { readonly owner: string; readonly file: string; readonly md5: string }[];
} {
  const versions = new Map<string, string>();
  const conffiles: { owner: string; file: string; md5: string }[] = [];
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  for (const part of text.split('\n\n')) {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
    const owner = field('Package');
    const version = field('Version');
    if (owner === undefined || version === undefined) continue;
    // One name may be installed for several processors, each with a version of its own.
    if (field('Architecture') !== undefined) versions.set(`${owner}:${field('Architecture')}`, version);
    versions.set(owner, version);
    for (const [, path_, md5] of part.matchAll(/^ (\/\S+) ([0-9a-f]{32})$/gm))
      conffiles.push({ owner, file: path_!, md5: md5! });
  }
  return { versions, conffiles };
}
