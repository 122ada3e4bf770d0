import { realpathSync, statSync } from 'node:fs';
import { chmod, copyFile, link, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileSource } from '../byte-source.ts';
import type { PackHeader } from '../file/header.ts';
import { checkPack } from '../file/read-pack.ts';
import { signersOf } from '../file/signature.ts';
import { PackError } from '../pack-error.ts';
import { type CheckTrustOptions, checkTrustOf, shortKey } from '../trust/check-trust.ts';
import { compareVersions } from './compare-versions.ts';
import { fetchPack } from './fetch-pack.ts';

/** What became of a pack. */
export interface Update {
  readonly before: PackHeader;
  readonly after: PackHeader;
  /** Where the one before is kept; `undefined` where there was nothing to replace. */
  readonly kept: string | undefined;
}

/** What {@link updatePack} may be told. */
export interface UpdateOptions extends CheckTrustOptions {
  /** Called with the bytes fetched so far. */
  readonly progress?: (done: number) => void;
}

/**
 * Replaces a pack by a later one of the same name, at once: whoever starts it meets the one or the other, whole. The
 * one before is kept as `<file>.previous`.
 *
 * The later one must be signed: by `key`, as the user's rules demand, or, where neither says it, by a key that signed
 * the one that is there.
 *
 * @param from a file, or an address of http or https
 * @throws {@link PackError} `PACK_UPDATE_REFUSED`, `PACK_UPDATE_FAILED`, and all that {@link checkTrust} throws; the
 * pack is as it was then
 */
export async function updatePack(file: string, from: string, options: UpdateOptions = {}): Promise<Update> {
  const place = realpathSync(file);
  const installed = statSync(place);
  const before = currentPack(place);
  const partial = path.join(path.dirname(place), `.${path.basename(place)}.${process.pid}.partial`);
  try {
    await using out = await open(partial, 'wx+', 0o600);
    await fetchPack(from, out, options.progress);
    using source = fileSource(partial);
    const { header: after, signers, rules } = checkTrustOf(source, file, options, from);
    if (options.key === undefined && rules.length === 0) checkSameSigner(file, from, before.keys, signers);
    if (after.root === before.header.root && after.version === before.header.version)
      return { before: before.header, after, kept: undefined };
    checkLater(before.header, after);
    await chmod(partial, installed.mode & 0o777);
    await out.sync();
    const now = statSync(place);
    if (now.ino !== installed.ino || now.dev !== installed.dev)
      throw refused(`${file} was replaced by somebody else in the meantime.`);
    await keepPrevious(place);
    await rename(partial, place);
    await syncFolder(place);
    return { before: before.header, after, kept: previousOf(place) };
  } finally {
    await rm(partial, { force: true });
  }
}

/**
 * Puts the pack from before the last update back, and keeps the one that was there: once more undoes it.
 *
 * @throws {@link PackError} `PACK_UPDATE_REFUSED` where none is kept, and all that {@link checkTrust} throws
 */
export async function rollbackPack(file: string, options: CheckTrustOptions = {}): Promise<Update> {
  const place = realpathSync(file);
  const previous = previousOf(place);
  if (!statSync(previous, { throwIfNoEntry: false })?.isFile())
    throw refused(`No earlier pack is kept as ${previous}: update keeps the one that it replaces.`);
  using source = fileSource(previous);
  const { header: after } = checkTrustOf(source, file, options, previous);
  const before = currentPack(place).header;
  const partial = path.join(path.dirname(place), `.${path.basename(place)}.${process.pid}.partial`);
  try {
    await secondName(place, partial);
    await rename(previous, place);
    await rename(partial, previous);
    await syncFolder(place);
  } finally {
    await rm(partial, { force: true });
  }
  return { before, after, kept: previous };
}

function currentPack(place: string): { readonly header: PackHeader; readonly keys: readonly string[] } {
  using source = fileSource(place);
  const { header, seal } = checkPack(source);
  return { header, keys: signersOf(seal) };
}

/** Who could change the pack until now may change it again. */
function checkSameSigner(
  file: string,
  from: string,
  before: readonly string[],
  signers: readonly { readonly key: string }[],
): void {
  if (before.length === 0)
    throw new PackError(
      'PACK_UNSIGNED',
      `Nobody signed ${file}, and you pinned no key for it, so nothing says whose update it may take: give --key.`,
    );
  if (signers.some(({ key }) => before.includes(key))) return;
  const keys = before.map((key) => shortKey(key)).join(' or ');
  throw signers.length === 0
    ? new PackError(
        'PACK_UNSIGNED',
        `Nobody signed ${from}, and ${file}, which it would replace, is signed by ${keys}.`,
      )
    : new PackError(
        'PACK_KEY_UNTRUSTED',
        `${from} is signed by ${signers.map(({ key }) => shortKey(key)).join(', ')}, and ${file}, which it would replace, by ${keys}: give --key if that is right.`,
      );
}

function checkLater(before: PackHeader, after: PackHeader): void {
  if (after.name !== before.name)
    throw refused(`It is '${after.name}', and what is there is '${before.name}'.`);
  if (after.kind !== before.kind)
    throw refused(`It is a ${after.kind}, and what is there is a ${before.kind}.`);
  if (after.arch !== before.arch && after.arch !== 'any' && before.arch !== 'any')
    throw refused(`It is for ${after.arch}, and what is there is for ${before.arch}.`);
  const order = compareVersions(after.version, before.version);
  if (order === null)
    throw refused(`Nobody can say which of ${before.version} and ${after.version} is the later version.`);
  if (order <= 0)
    throw refused(
      `It is version ${after.version}, and what is there is ${before.version}: only a higher one replaces it.`,
    );
}

/** Another name for the same file first: there is never a moment without the pack. */
async function keepPrevious(place: string): Promise<void> {
  const partial = `${previousOf(place)}.${process.pid}.partial`;
  await rm(partial, { force: true });
  await secondName(place, partial);
  await rename(partial, previousOf(place));
}

/** Some file systems have no second names; a copy is as good there. */
async function secondName(file: string, name: string): Promise<void> {
  await link(file, name).catch(async () => await copyFile(file, name));
}

function previousOf(place: string): string {
  return `${place}.previous`;
}

async function syncFolder(place: string): Promise<void> {
  await using folder = await open(path.dirname(place), 'r');
  await folder.sync();
}

function refused(message: string): PackError {
  return new PackError('PACK_UPDATE_REFUSED', message);
}
