import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import { publicKeyPem, readPublicKey } from './public-key.ts';

/** A key that a person pinned. */
export interface TrustedKey {
  /** The file's name without `.pem`: who it is. */
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly key: string;
}

/** By whom packs of a name must be signed. */
export interface TrustRule {
  /** A pack's name, in which `*` stands for any characters. */
  readonly packs: string;
  /** Names of keys. */
  readonly keys: readonly string[];
  /** How many of them must have signed. */
  readonly signatures: number;
}

/** What a person trusts. */
export interface Trust {
  readonly folder: string;
  readonly keys: readonly TrustedKey[];
  readonly rules: readonly TrustRule[];
}

const policyName = 'policy.json';
const keyName = /^[A-Za-z0-9][A-Za-z0-9@._-]{0,63}$/;

/** Where trust stands: `~/.config/whetstone/trust`, below `XDG_CONFIG_HOME` where that is set. */
export function trustFolder(environment: Readonly<Record<string, string | undefined>> = process.env): string {
  const config = environment['XDG_CONFIG_HOME'];
  const base = config !== undefined && path.isAbsolute(config) ? config : path.join(homedir(), '.config');
  return path.join(base, 'whetstone', 'trust');
}

/**
 * Reads pinned keys (`NAME.pem`) and rules (`policy.json`). A folder that is missing trusts nobody and demands nothing.
 *
 * @throws {@link PackError} `PACK_TRUST_DAMAGED` where it is not as it must be, or where others may write to it
 */
export function readTrust(folder: string = trustFolder()): Trust {
  const names = namesIn(folder);
  const keys = names
    .filter((name) => name.endsWith('.pem'))
    .map((name): TrustedKey => {
      const text = readOwn(path.join(folder, name));
      try {
        return { name: name.slice(0, -'.pem'.length), key: readPublicKey(text, path.join(folder, name)) };
      } catch (cause) {
        throw damaged((cause as Error).message, cause);
      }
    });
  const rules = names.includes(policyName) ? readRules(path.join(folder, policyName), keys) : [];
  return { folder, keys, rules };
}

/** The rule that decides about a name: of those that fit, the one with the longest pattern. */
export function ruleFor(rules: readonly TrustRule[], name: string): TrustRule | undefined {
  const fitting = rules.filter(({ packs }) => fits(packs, name));
  return fitting.toSorted((a, b) => b.packs.length - a.packs.length)[0];
}

/**
 * Pins a key: packs whose name fits must from now on be signed by it, or by another of the same rule.
 *
 * @throws {@link PackError} `PACK_TRUST_DAMAGED`, `PACK_KEY_WRONG` for a name that is taken by another key
 */
export function pinKey({ name, key }: TrustedKey, packs: string, folder: string = trustFolder()): TrustRule {
  if (!keyName.test(name))
    throw new PackError('PACK_KEY_WRONG', `No key can be called '${name}': letters, digits, and - . _ @.`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const trust = readTrust(folder);
  const known = trust.keys.find((one) => one.name === name);
  if (known && known.key !== key)
    throw new PackError(
      'PACK_KEY_WRONG',
      `Another key is pinned as '${name}': give this one another --name, or --remove ${name} first.`,
    );
  const earlier = trust.rules.find((rule) => rule.packs === packs);
  const rule: TrustRule = {
    packs,
    keys: [...new Set([...(earlier?.keys ?? []), name])],
    signatures: earlier?.signatures ?? 1,
  };
  writeOwn(path.join(folder, `${name}.pem`), publicKeyPem(key));
  writeRules(folder, [...trust.rules.filter((one) => one.packs !== packs), rule]);
  return rule;
}

/**
 * Takes a key out, and out of each rule. A rule that is left with too few keys stays and lets nothing through: to take
 * a key away must not open what it closed.
 *
 * @returns rules that nothing fulfils any more
 * @throws {@link PackError} `PACK_KEY_WRONG` where none has the name
 */
export function removeKey(name: string, folder: string = trustFolder()): TrustRule[] {
  const trust = readTrust(folder);
  if (!trust.keys.some((key) => key.name === name))
    throw new PackError('PACK_KEY_WRONG', `No key is pinned as '${name}' in ${folder}.`);
  const rules = trust.rules.map((rule) => ({ ...rule, keys: rule.keys.filter((one) => one !== name) }));
  writeRules(folder, rules);
  rmSync(path.join(folder, `${name}.pem`));
  return rules.filter(({ keys, signatures }) => keys.length < signatures);
}

/**
 * Takes the demand on packs away.
 *
 * @throws {@link PackError} `PACK_KEY_WRONG` where there is no such rule
 */
export function removeRule(packs: string, folder: string = trustFolder()): void {
  const { rules } = readTrust(folder);
  if (!rules.some((rule) => rule.packs === packs))
    throw new PackError('PACK_KEY_WRONG', `There is no rule for '${packs}' in ${folder}.`);
  writeRules(
    folder,
    rules.filter((rule) => rule.packs !== packs),
  );
}

function fits(pattern: string, name: string): boolean {
  // From the left, without going back further than the last star: no pattern takes long.
  const parts = pattern.split('*');
  const first = parts.shift()!;
  const last = parts.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

function namesIn(folder: string): string[] {
  try {
    checkOwn(folder);
    return readdirSync(folder).toSorted();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error instanceof PackError ? error : damaged((error as Error).message, error);
  }
}

function readOwn(file: string): string {
  checkOwn(file);
  return readFileSync(file, 'utf8');
}

/** What others may write to, they decide about. */
function checkOwn(file: string): void {
  const { uid, mode } = statSync(file);
  const user = process.getuid?.();
  if (user !== undefined && uid !== user && uid !== 0)
    throw damaged(`${file} belongs to another user: what it says is not yours.`);
  if ((mode & 0o022) !== 0) throw damaged(`Others may write to ${file}: chmod go-w ${file}`);
}

function readRules(file: string, keys: readonly TrustedKey[]): TrustRule[] {
  let value: unknown;
  try {
    value = JSON.parse(readOwn(file));
  } catch (cause) {
    throw cause instanceof PackError ? cause : damaged(`${file}: ${(cause as Error).message}`, cause);
  }
  const { rules } = (value ?? {}) as { rules?: unknown };
  if (!Array.isArray(rules)) throw damaged(`${file} has no list "rules".`);
  return rules.map((rule: unknown, row): TrustRule => {
    const { packs, keys: names, signatures = 1 } = (rule ?? {}) as Partial<TrustRule>;
    const wrong = (what: string) => damaged(`Rule ${row + 1} of ${file}: ${what}.`);
    if (typeof packs !== 'string' || packs === '') throw wrong('"packs" must be a name');
    if (!Array.isArray(names)) throw wrong('"keys" must be a list of names');
    if (!Number.isInteger(signatures) || signatures < 1)
      throw wrong('"signatures" must be a whole number above 0');
    for (const name of names as unknown[])
      if (!keys.some((key) => key.name === name)) throw wrong(`there is no ${String(name)}.pem`);
    return { packs, keys: names, signatures };
  });
}

function writeRules(folder: string, rules: readonly TrustRule[]): void {
  writeOwn(path.join(folder, policyName), `${JSON.stringify({ rules }, null, 2)}\n`);
}

function writeOwn(file: string, text: string): void {
  const partial = `${file}.${process.pid}.partial`;
  writeFileSync(partial, text, { mode: 0o600 });
  chmodSync(partial, 0o600);
  if (lstatSync(partial).isFile()) renameSync(partial, file);
}

function damaged(what: string, cause?: unknown): PackError {
  return new PackError('PACK_TRUST_DAMAGED', `What you trust cannot be read, so nothing is. ${what}`, {
    cause,
  });
}
