import {
  chmodSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import {
  bytesSource,
  type KeyPair,
  makeKeyPair,
  readHeader,
  readPublicKey,
  rollbackPack,
  signPack,
  type Trust,
  updatePack,
} from '@whetstone/pack';
import { expect, onTestFinished, test, vi } from 'vitest';
import { smallPack, temporaryFolder } from '../small-pack.ts';

// A compressor starts its threads for each pack, and on a busy machine that takes its time.
vi.setConfig({ testTimeout: 240_000 });

const nobody: Trust = { folder: '', keys: [], rules: [] };
const trust = { trust: nobody };

async function packOf(
  folder: string,
  version: string,
  key?: KeyPair,
  name = 'app',
  file = `${name}-${version}.wpk`,
): Promise<string> {
  const place = path.join(folder, file);
  await smallPack(place, { 'version.txt': version }, { name, version });
  if (key) await signPack(place, key.privateKey);
  return place;
}

function versionOf(file: string): string {
  return readHeader(bytesSource(readFileSync(file))).version;
}

async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An installed pack of version 1.0.0 in a folder of its own, and where later ones come from. */
async function installed() {
  const key = makeKeyPair();
  const [folder, others] = [temporaryFolder(), temporaryFolder()];
  const file = await packOf(folder, '1.0.0', key, 'app', 'app.wpk');
  return { key, folder, others, file };
}

test('replaces a pack by a later one that the same key signed, and keeps the last', async () => {
  const { key, others, file, folder } = await installed();
  chmodSync(file, 0o710);
  const later = await packOf(others, '1.1.0', key);
  expect(await updatePack(file, later, trust)).toMatchObject({
    before: { version: '1.0.0' },
    after: { version: '1.1.0' },
    kept: `${file}.previous`,
  });
  expect(readFileSync(file)).toEqual(readFileSync(later));
  expect(statSync(file).mode & 0o777).toBe(0o710);
  expect(versionOf(`${file}.previous`)).toBe('1.0.0');
  expect(readdirSync(folder)).toEqual(['app.wpk', 'app.wpk.previous']);
});

test('goes back to the last one, and forth again', async () => {
  const { key, others, file, folder } = await installed();
  await expect(rollbackPack(file, trust)).rejects.toMatchObject({ code: 'PACK_UPDATE_REFUSED' });
  await updatePack(file, await packOf(others, '1.1.0', key), trust);
  await rollbackPack(file, trust);
  expect([versionOf(file), versionOf(`${file}.previous`)]).toEqual(['1.0.0', '1.1.0']);
  await rollbackPack(file, trust);
  expect([versionOf(file), versionOf(`${file}.previous`)]).toEqual(['1.1.0', '1.0.0']);
  writeFileSync(`${file}.previous`, 'no pack');
  await expect(rollbackPack(file, trust)).rejects.toMatchObject({ code: 'PACK_NOT_A_PACK' });
  expect(versionOf(file)).toBe('1.1.0');
  expect(readdirSync(folder)).toHaveLength(2);
});

test('fetches from a server', async () => {
  const { key, others, file } = await installed();
  const later = readFileSync(await packOf(others, '2.0.0', key));
  const address = await served((request, response) => {
    if (request.url === '/moved') response.writeHead(302, { location: '/app.wpk' }).end();
    else response.end(later);
  });
  await updatePack(file, `${address}/moved`, trust);
  expect(versionOf(file)).toBe('2.0.0');
});

test('leaves the pack as it is where nothing whole comes', async () => {
  const { key, others, file, folder } = await installed();
  const later = readFileSync(await packOf(others, '2.0.0', key));
  const address = await served((request, response) => {
    if (request.url === '/missing') response.writeHead(404).end();
    else if (request.url === '/half') response.end(later.subarray(0, later.length / 2));
    else if (request.url === '/cut') {
      response.writeHead(200, { 'content-length': later.length });
      response.write(later.subarray(0, 5000), () => response.destroy());
    } else if (request.url === '/changed') {
      const changed = Buffer.from(later);
      changed[later.length - 500]! ^= 1;
      response.end(changed);
    } else response.end('<html>');
  });
  const before = readFileSync(file);
  const codes: Record<string, string> = {};
  for (const name of ['missing', 'half', 'cut', 'changed', 'page'])
    codes[name] = await updatePack(file, `${address}/${name}`, trust).then(
      () => 'taken',
      (error: { code: string }) => error.code,
    );
  expect(codes).toEqual({
    missing: 'PACK_UPDATE_FAILED',
    half: 'PACK_HEADER_DAMAGED',
    cut: 'PACK_UPDATE_FAILED',
    changed: expect.stringMatching(/^PACK_(?:HASH_WRONG|SEAL_DAMAGED)$/) as string,
    page: 'PACK_NOT_A_PACK',
  });
  for (const from of ['http://127.0.0.1:1/app.wpk', path.join(others, 'none.wpk')])
    await expect(updatePack(file, from, trust)).rejects.toMatchObject({ code: 'PACK_UPDATE_FAILED' });
  expect(readFileSync(file)).toEqual(before);
  expect(readdirSync(folder)).toEqual(['app.wpk']);
});

test('takes no earlier one, no other one, and none from somebody else', async () => {
  const { key, others, file, folder } = await installed();
  const stranger = makeKeyPair();
  const offers = {
    'the same version with other content': [await packOf(others, '1.0.0', key), 'PACK_UPDATE_REFUSED'],
    earlier: [await packOf(others, '0.9.9', key), 'PACK_UPDATE_REFUSED'],
    'before the release': [await packOf(others, '1.0.0-rc.1', key), 'PACK_UPDATE_REFUSED'],
    'another program': [await packOf(others, '2.0.0', key, 'other'), 'PACK_UPDATE_REFUSED'],
    'no order': [await packOf(others, 'nightly', key), 'PACK_UPDATE_REFUSED'],
    'a stranger': [await packOf(others, '3.0.0', stranger), 'PACK_KEY_UNTRUSTED'],
    nobody: [await packOf(others, '4.0.0'), 'PACK_UNSIGNED'],
  } as const;
  await smallPack(
    offers['the same version with other content'][0],
    { other: 'x' },
    { name: 'app', version: '1.0.0' },
  );
  await signPack(offers['the same version with other content'][0], key.privateKey);
  for (const [what, [from, code]] of Object.entries(offers))
    await expect(updatePack(file, from, trust), what).rejects.toMatchObject({ code });
  expect(readdirSync(folder)).toEqual(['app.wpk']);
  const given = readPublicKey(stranger.publicKey, '');
  await updatePack(file, offers['a stranger'][0], { ...trust, key: given });
  expect(versionOf(file)).toBe('3.0.0');
});

test('asks for a key where nobody signed what is there', async () => {
  const [folder, others] = [temporaryFolder(), temporaryFolder()];
  const key = makeKeyPair();
  const file = await packOf(folder, '1.0.0', undefined, 'app', 'app.wpk');
  const later = await packOf(others, '2.0.0', key);
  await expect(updatePack(file, later, trust)).rejects.toMatchObject({ code: 'PACK_UNSIGNED' });
  await updatePack(file, later, { ...trust, key: readPublicKey(key.publicKey, '') });
  expect(versionOf(file)).toBe('2.0.0');
});

test('names the one that is not signed as it must be: the later one', async () => {
  const { key, others, file } = await installed();
  const unsigned = await packOf(others, '1.1.0');
  const release = { name: 'release', key: readPublicKey(key.publicKey, '') };
  const ruled: Trust = {
    folder: '',
    keys: [release],
    rules: [{ packs: 'app', keys: ['release'], signatures: 1 }],
  };
  const message = (options: Parameters<typeof updatePack>[2]) =>
    updatePack(file, unsigned, options).catch((error: Error) => error.message);
  expect(await message(trust)).toMatch(`Nobody signed ${unsigned}, and ${file}, which it would replace`);
  expect(await message({ trust: ruled })).toBe(
    `Nobody signed ${unsigned}, and it must be signed by release (rule for app).`,
  );
});

test('obeys the rule for the name', async () => {
  const { key, others, file } = await installed();
  const pinned = makeKeyPair();
  const strict: Trust = {
    folder: '',
    keys: [{ name: 'release', key: readPublicKey(pinned.publicKey, '') }],
    rules: [{ packs: 'app', keys: ['release'], signatures: 1 }],
  };
  const bySame = await packOf(others, '1.1.0', key);
  await expect(updatePack(file, bySame, { trust: strict })).rejects.toMatchObject({
    code: 'PACK_KEY_UNTRUSTED',
  });
  await updatePack(file, await packOf(others, '1.2.0', pinned), { trust: strict });
  expect(versionOf(file)).toBe('1.2.0');
});

test('says that there is nothing to do for the same pack', async () => {
  const { file, folder } = await installed();
  expect(await updatePack(file, file, trust)).toMatchObject({ kept: undefined });
  expect(readdirSync(folder)).toEqual(['app.wpk']);
});

test('replaces what a link leads to, not the link', async () => {
  const { key, folder, others, file } = await installed();
  const link = path.join(folder, 'app');
  symlinkSync('app.wpk', link);
  await updatePack(link, await packOf(others, '1.1.0', key), trust);
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(versionOf(file)).toBe('1.1.0');
});

test('does not replace what somebody else replaced in the meantime', async () => {
  const { key, others, file } = await installed();
  const later = readFileSync(await packOf(others, '1.1.0', key));
  const other = await packOf(others, '1.5.0', key);
  const address = await served((_request, response) => {
    renameSync(other, file);
    response.end(later);
  });
  await expect(updatePack(file, address, trust)).rejects.toMatchObject({ code: 'PACK_UPDATE_REFUSED' });
  expect(versionOf(file)).toBe('1.5.0');
});
