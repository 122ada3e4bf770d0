import path from 'node:path';
import { type ByteSource, fileSource } from '../byte-source.ts';
import type { PackHeader } from '../file/header.ts';
import { checkPack } from '../file/read-pack.ts';
import { signersOf } from '../file/signature.ts';
import { PackError } from '../pack-error.ts';
import { readTrust, ruleFor, type Trust, type TrustedKey, type TrustRule } from './trust-folder.ts';

/** A pack in which no byte is wrong, and that everybody whom it must be signed by has signed. */
export interface TrustedPack {
  readonly header: PackHeader;
  /** Bytes of the file. */
  readonly size: number;
  /** Who signed it; `name` is `undefined` for a key that is not pinned. */
  readonly signers: readonly { readonly key: string; readonly name: string | undefined }[];
  /** The rules that it was held to, none where there is none for its name. */
  readonly rules: readonly TrustRule[];
}

/** What {@link checkTrust} holds a pack to, besides the rules. */
export interface CheckTrustOptions {
  /** A public key that must have signed: 64 hexadecimal digits. */
  readonly key?: string | undefined;
  /** Default: what stands in the user's folder. */
  readonly trust?: Trust | undefined;
}

/**
 * Compares every byte of a pack with its hashes, checks every signature, and holds it to the user's rules and to `key`.
 *
 * Nothing of the pack is executed. Rules stand outside of the file; a file cannot vouch for itself.
 *
 * @throws {@link PackError} `PACK_UNSIGNED`, `PACK_KEY_UNTRUSTED`, `PACK_TRUST_DAMAGED`, and all of `checkPack` and
 * `signersOf`
 */
export function checkTrust(file: string, options: CheckTrustOptions = {}): TrustedPack {
  using source = fileSource(file);
  return checkTrustOf(source, file, options);
}

/**
 * As {@link checkTrust}, of a file that is open: nobody can exchange it in between.
 *
 * @param file the name that rules are looked up for
 * @param shown what a refusal calls it: an update comes from elsewhere
 */
export function checkTrustOf(
  source: ByteSource,
  file: string,
  options: CheckTrustOptions = {},
  shown = file,
): TrustedPack {
  const trust = options.trust ?? readTrust();
  const { header, seal } = checkPack(source);
  const keys = signersOf(seal);
  const signers = keys.map((key) => ({ key, name: trust.keys.find((known) => known.key === key)?.name }));
  const { key } = options;
  if (key !== undefined && !keys.includes(key))
    throw refused(shown, keys, trust.keys, `key ${shortKey(key)}`);
  const rules = rulesFor(trust, header, file);
  for (const rule of rules) {
    const trusted = trust.keys.filter(({ name }) => rule.keys.includes(name));
    const count = new Set(trusted.filter((one) => keys.includes(one.key)).map((one) => one.key)).size;
    if (count < rule.signatures) throw refused(shown, keys, trust.keys, demand(rule));
  }
  return { header, size: source.size, signers, rules };
}

/** A key as people compare it: its first 16 digits. */
export function shortKey(key: string): string {
  return key.slice(0, 16);
}

/** Its own name may be made up, so what the file is called counts too. */
function rulesFor(trust: Trust, header: PackHeader, file: string): TrustRule[] {
  const names = [header.name, path.basename(file).replace(/\.wpk$/, '')];
  return [...new Set(names.map((name) => ruleFor(trust.rules, name)).filter((rule) => rule !== undefined))];
}

function demand({ packs, keys, signatures }: TrustRule): string {
  const who = keys.length === 0 ? 'a key that is no longer pinned' : keys.join(' or ');
  const count = signatures === 1 ? who : `${signatures} of ${keys.join(', ')}`;
  return `${count} (rule for ${packs})`;
}

function refused(file: string, keys: readonly string[], known: readonly TrustedKey[], by: string): PackError {
  if (keys.length === 0)
    return new PackError('PACK_UNSIGNED', `Nobody signed ${file}, and it must be signed by ${by}.`);
  const signed = keys.map((key) => known.find((one) => one.key === key)?.name ?? shortKey(key)).join(', ');
  return new PackError('PACK_KEY_UNTRUSTED', `${file} must be signed by ${by}, and was signed by ${signed}.`);
}
