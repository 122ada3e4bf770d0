import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  checkTrust,
  makeKeyPair,
  pinKey,
  readHeader,
  bytesSource,
  readPublicKey,
  readTrust,
  removeKey,
  removeRule,
  signPack,
  type Trust,
} from '@whetstone/pack';
import { describe, expect, test, vi } from 'vitest';
import { smallPack, temporaryFolder } from '../small-pack.ts';

// A compressor starts its threads for each pack, and on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 });

const nobody: Trust = { folder: '', keys: [], rules: [] };

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'nothing was refused';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

async function signed(folder: string, name = 'small') {
  const file = path.join(folder, `${name}.wpk`);
  await smallPack(file, { 'a.txt': 'hello\n', 'b/c.txt': 'x'.repeat(50_000) }, { name });
  const pair = makeKeyPair();
  const key = await signPack(file, pair.privateKey);
  return { file, pair, key };
}

describe('checking whom a pack is from', () => {
  test('tells who signed, and demands nothing where no rule does', async () => {
    const { file, key } = await signed(temporaryFolder());
    expect(checkTrust(file, { trust: nobody })).toMatchObject({
      header: { name: 'small', version: '1.0.0' },
      size: statSync(file).size,
      signers: [{ key, name: undefined }],
      rules: [],
    });
  });

  test('demands the key that is given', async () => {
    const folder = temporaryFolder();
    const { file, key } = await signed(folder);
    expect(checkTrust(file, { trust: nobody, key }).signers).toHaveLength(1);
    const other = readPublicKey(makeKeyPair().publicKey, 'other');
    expect(codeOf(() => checkTrust(file, { trust: nobody, key: other }))).toBe('PACK_KEY_UNTRUSTED');
    const unsigned = path.join(folder, 'unsigned.wpk');
    await smallPack(unsigned, { a: 'a' });
    expect(codeOf(() => checkTrust(unsigned, { trust: nobody, key }))).toBe('PACK_UNSIGNED');
  });

  test('refuses a changed byte in each region', async () => {
    const folder = temporaryFolder();
    const { file } = await signed(folder);
    const bytes = readFileSync(file);
    const header = readHeader(bytesSource(bytes));
    const places = {
      start: 3,
      variables: 60,
      script: bytes.indexOf('exit 0'),
      padding: header.driverOffset - 1,
      driver: header.driverOffset + 10,
      'behind the driver': header.imageOffset - 1,
      superblock: header.imageOffset + 8,
      image: header.imageOffset + 100,
      'end of the image': header.treeOffset - 1,
      tree: header.treeOffset + 5,
      seal: header.sealOffset + 50,
      key: header.sealOffset + 113,
      signature: header.sealOffset + 150,
      end: bytes.length - 1,
    };
    const changed = path.join(folder, 'changed.wpk');
    for (const [place, at] of Object.entries(places)) {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1;
      writeFileSync(changed, copy);
      expect(
        codeOf(() => checkTrust(changed, { trust: nobody })),
        place,
      ).toMatch(/^PACK_/);
    }
    for (const size of [0, 1, 4096, header.sealOffset, bytes.length - 1]) {
      writeFileSync(changed, bytes.subarray(0, size));
      expect(
        codeOf(() => checkTrust(changed, { trust: nobody })),
        `${size} bytes`,
      ).toMatch(/^PACK_/);
    }
  });

  test('keeps two signatures, and refuses the file when one of them is forged', async () => {
    const { file, key } = await signed(temporaryFolder());
    const second = await signPack(file, makeKeyPair().privateKey);
    expect(checkTrust(file, { trust: nobody }).signers.map((one) => one.key)).toEqual([key, second]);
  });

  test('signs by a key that openssl made', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'a.wpk');
    await smallPack(file, { a: 'a' });
    const pem = path.join(folder, 'key.pem');
    execFileSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', pem]);
    const shown = execFileSync('openssl', ['pkey', '-in', pem, '-pubout'], { encoding: 'utf8' });
    const key = await signPack(file, readFileSync(pem));
    expect(readPublicKey(shown, 'key.pub')).toBe(key);
    expect(checkTrust(file, { trust: nobody, key }).signers).toEqual([{ key, name: undefined }]);
  });

  test('signs again by the same key without a second signature', async () => {
    const { file, pair } = await signed(temporaryFolder());
    await signPack(file, pair.privateKey);
    expect(checkTrust(file, { trust: nobody }).signers).toHaveLength(1);
  });
});

describe('what a person trusts', () => {
  test('holds packs of a name to the key that is pinned for it', async () => {
    const folder = temporaryFolder();
    const trusted = path.join(folder, 'trust');
    const { file, key } = await signed(folder, 'shop');
    expect(readTrust(trusted)).toEqual({ folder: trusted, keys: [], rules: [] });
    pinKey({ name: 'alice', key }, 'shop', trusted);
    const trust = readTrust(trusted);
    expect(checkTrust(file, { trust })).toMatchObject({
      signers: [{ key, name: 'alice' }],
      rules: [{ packs: 'shop', keys: ['alice'], signatures: 1 }],
    });
    const other = await signed(temporaryFolder(), 'shop');
    expect(codeOf(() => checkTrust(other.file, { trust }))).toBe('PACK_KEY_UNTRUSTED');
    const free = await signed(temporaryFolder(), 'free');
    expect(checkTrust(free.file, { trust }).rules).toEqual([]);
  });

  test('is not escaped by another name inside the file', async () => {
    const folder = temporaryFolder();
    const trusted = path.join(folder, 'trust');
    pinKey({ name: 'alice', key: readPublicKey(makeKeyPair().publicKey, '') }, 'shop', trusted);
    const { file } = await signed(folder, 'innocent');
    const renamed = path.join(folder, 'shop.wpk');
    copyFileSync(file, renamed);
    expect(codeOf(() => checkTrust(renamed, { trust: readTrust(trusted) }))).toBe('PACK_KEY_UNTRUSTED');
  });

  test('lets the rule with the longest pattern decide', async () => {
    const folder = temporaryFolder();
    const trusted = path.join(folder, 'trust');
    const { file, key } = await signed(folder, 'team-shop');
    pinKey({ name: 'everybody', key: readPublicKey(makeKeyPair().publicKey, '') }, '*', trusted);
    expect(codeOf(() => checkTrust(file, { trust: readTrust(trusted) }))).toBe('PACK_KEY_UNTRUSTED');
    pinKey({ name: 'team', key }, 'team-*', trusted);
    expect(checkTrust(file, { trust: readTrust(trusted) }).rules).toMatchObject([{ packs: 'team-*' }]);
  });

  test('may demand several signatures', async () => {
    const folder = temporaryFolder();
    const trusted = path.join(folder, 'trust');
    const { file, key } = await signed(folder);
    const second = makeKeyPair();
    pinKey({ name: 'alice', key }, '*', trusted);
    pinKey({ name: 'bob', key: readPublicKey(second.publicKey, '') }, '*', trusted);
    writeFileSync(
      path.join(trusted, 'policy.json'),
      JSON.stringify({ rules: [{ packs: '*', keys: ['alice', 'bob'], signatures: 2 }] }),
    );
    expect(codeOf(() => checkTrust(file, { trust: readTrust(trusted) }))).toBe('PACK_KEY_UNTRUSTED');
    await signPack(file, second.privateKey);
    expect(checkTrust(file, { trust: readTrust(trusted) }).signers).toMatchObject([
      { name: 'alice' },
      { name: 'bob' },
    ]);
  });

  test('stays closed when a key is taken away', async () => {
    const folder = temporaryFolder();
    const trusted = path.join(folder, 'trust');
    const { file, key } = await signed(folder);
    pinKey({ name: 'alice', key }, 'small', trusted);
    expect(removeKey('alice', trusted)).toMatchObject([{ packs: 'small' }]);
    expect(codeOf(() => checkTrust(file, { trust: readTrust(trusted) }))).toBe('PACK_KEY_UNTRUSTED');
    removeRule('small', trusted);
    expect(checkTrust(file, { trust: readTrust(trusted) }).rules).toEqual([]);
  });

  test('trusts nothing where it cannot be read, or others may write it', () => {
    const trusted = path.join(temporaryFolder(), 'trust');
    mkdirSync(trusted, { mode: 0o700 });
    const policy = path.join(trusted, 'policy.json');
    for (const text of [
      '{',
      'null',
      '[]',
      '{"rules":[{}]}',
      '{"rules":[{"packs":"*","keys":["nobody"]}]}',
      '{"rules":[{"packs":"*","keys":[],"signatures":0}]}',
    ]) {
      writeFileSync(policy, text, { mode: 0o600 });
      expect(
        codeOf(() => readTrust(trusted)),
        text,
      ).toBe('PACK_TRUST_DAMAGED');
    }
    writeFileSync(policy, '{"rules":[]}');
    chmodSync(policy, 0o666);
    expect(codeOf(() => readTrust(trusted))).toBe('PACK_TRUST_DAMAGED');
    chmodSync(policy, 0o600);
    chmodSync(trusted, 0o777);
    expect(codeOf(() => readTrust(trusted))).toBe('PACK_TRUST_DAMAGED');
  });

  test('takes no name that leads elsewhere, and no private key for a public one', () => {
    const trusted = path.join(temporaryFolder(), 'trust');
    const { publicKey, privateKey } = makeKeyPair();
    const key = readPublicKey(publicKey, '');
    for (const name of ['../alice', '', '.alice', 'a/b', 'a\n'])
      expect(
        codeOf(() => pinKey({ name, key }, '*', trusted)),
        name,
      ).toBe('PACK_KEY_WRONG');
    for (const text of [privateKey, 'hello', 'ab'.repeat(31), ''])
      expect(codeOf(() => readPublicKey(text, 'it'))).toBe('PACK_KEY_WRONG');
  });
});
