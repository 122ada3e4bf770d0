import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  bytesSource,
  checkPack,
  packFacts,
  readHeader,
  readImage,
  readPack,
  signersOf,
  signPack,
} from '@whetstone/pack';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallPack, temporaryFolder } from '../small-pack.ts';

const withCode = (code: string) => expect.objectContaining({ code });
const newKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;

/** A pack whose image has several blocks of the tree. */
async function packBytes(): Promise<{ file: string; bytes: Buffer }> {
  const file = path.join(temporaryFolder(), 'a.wpk');
  const text = Array.from({ length: 20_000 }, (_, row) => ((row * 7919) % 9973).toString(36)).join('');
  await smallPack(file, { 'app/text': text, 'app/other': 'x' });
  return { file, bytes: readFileSync(file) };
}

describe('a pack', () => {
  test('may be executed, and is read and checked', async () => {
    const { file, bytes } = await packBytes();
    expect(statSync(file).mode & 0o100).toBe(0o100);
    const { image } = checkPack(bytesSource(bytes));
    expect([...(await readImage(image)).walk()].map((entry) => entry.path)).toEqual([
      '',
      'app',
      'app/other',
      'app/text',
    ]);
    expect(packFacts(bytesSource(bytes))).toMatchObject({ name: 'small', version: '1.0.0', signers: [] });
  });

  test('is the same bytes each time', async () => {
    expect((await packBytes()).bytes.equals((await packBytes()).bytes)).toBe(true);
  });

  test('says what it is without a mount, and runs nothing for it but the shell', async () => {
    const { bytes } = await packBytes();
    const text = bytes.toString('latin1', 0, bytes.indexOf('# End of variables'));
    const shown = execFileSync('/bin/sh', ['-c', `${text}\necho "$WPK_NAME $WPK_ROOT"`], {
      encoding: 'utf8',
    });
    expect(shown).toBe(`small ${readHeader(bytesSource(bytes)).root}\n`);
  });

  test('is refused with one changed bit, wherever it is', async () => {
    const { file } = await packBytes();
    await signPack(file, newKey());
    const bytes = readFileSync(file);
    const { header } = readPack(bytesSource(bytes));
    const regions = [
      0,
      header.driverOffset,
      header.imageOffset,
      header.treeOffset,
      header.sealOffset,
      bytes.length,
    ];
    const within = fc
      .nat(4)
      .chain((region) => fc.integer({ min: regions[region]!, max: regions[region + 1]! - 1 }));
    fc.assert(
      fc.property(within, fc.nat(7), (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        expect(() => signersOf(checkPack(bytesSource(changed)).seal), `byte ${at}`).toThrow(/\w/);
        try {
          signersOf(checkPack(bytesSource(changed)).seal);
        } catch (error) {
          expect((error as Error).name).toBe('PackError');
        }
      }),
      { numRuns: 150 },
    );
  });

  test('is refused where it is cut off or something follows', async () => {
    const { bytes } = await packBytes();
    for (const size of [0, 10, 100, 4096, bytes.length - 1]) {
      const cut = bytesSource(bytes.subarray(0, size));
      expect(() => checkPack(cut), `${size} bytes`).toThrow(expect.objectContaining({ name: 'PackError' }));
    }
    expect(() => readPack(bytesSource(Buffer.concat([bytes, Buffer.alloc(1)])))).toThrow(
      withCode('PACK_SEAL_DAMAGED'),
    );
    expect(() => readPack(bytesSource(Buffer.concat([bytes, Buffer.alloc(96)])))).toThrow(
      withCode('PACK_SEAL_DAMAGED'),
    );
  });

  test.each([
    ['#!/bin/sh\necho hello\n', 'PACK_NOT_A_PACK'],
    ['', 'PACK_NOT_A_PACK'],
    ['\u007fELF', 'PACK_NOT_A_PACK'],
    ['#!/bin/sh\n# Whetstone pack 2\nWPK_KIND=program\n', 'PACK_VERSION_UNKNOWN'],
    ['#!/bin/sh\n# Whetstone pack 1\nWPK_KIND=program\n', 'PACK_HEADER_DAMAGED'],
    [
      '#!/bin/sh\n# Whetstone pack 1\nWPK_KIND=program\nWPK_KIND=program\n# End of variables\n',
      'PACK_HEADER_DAMAGED',
    ],
    ['#!/bin/sh\n# Whetstone pack 1\nWPK_NAME=$(id)\n# End of variables\n', 'PACK_HEADER_DAMAGED'],
    ['#!/bin/sh\n# Whetstone pack 1\nid\n# End of variables\n', 'PACK_HEADER_DAMAGED'],
  ])('is not %j: %s', (text, code) => {
    expect(() => readPack(bytesSource(Buffer.from(text)))).toThrow(withCode(code));
  });

  test.each(['a b', '$(id)', 'a;id', "'", '', 'ä', '-x', 'x'.repeat(129)])(
    'cannot have the name %j',
    async (name) => {
      const file = path.join(temporaryFolder(), 'a.wpk');
      await expect(smallPack(file, { a: 'b' }, { name })).rejects.toMatchObject({
        code: 'PACK_PROJECT_WRONG',
      });
    },
  );

  test('ignores variables that it does not know', async () => {
    const { bytes } = await packBytes();
    const text = bytes.toString('latin1');
    const later = Buffer.from(
      text
        .replace('# End of variables\n', 'WPK_LATER=1\n# End of variables\n')
        .replace('\n\n\n\n\n\n\n\n\n\n\n\n', ''),
      'latin1',
    );
    expect(later.length).toBe(bytes.length);
    expect(readHeader(bytesSource(later)).name).toBe('small');
  });
});

describe('a signature', () => {
  test('is added beside those of others and replaces its own', async () => {
    const { file, bytes } = await packBytes();
    const [first, second] = [newKey(), newKey()];
    const keys = [await signPack(file, first), await signPack(file, second)];
    const signers = () => signersOf(checkPack(bytesSource(readFileSync(file))).seal);
    expect(signers()).toEqual(keys);
    await signPack(file, first);
    expect(signers()).toEqual(keys.toReversed());
    const { header } = readPack(bytesSource(bytes));
    // All but the seal is as it was, and so is the mode.
    expect(
      readFileSync(file).subarray(0, header.sealOffset).equals(bytes.subarray(0, header.sealOffset)),
    ).toBe(true);
    expect(statSync(file).mode & 0o100).toBe(0o100);
  });

  test('is not given to a damaged pack, nor with what is no key', async () => {
    const { file, bytes } = await packBytes();
    await expect(signPack(file, 'no key')).rejects.toMatchObject({ code: 'PACK_KEY_WRONG' });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
      format: 'pem',
      type: 'pkcs8',
    });
    await expect(signPack(file, rsa as string)).rejects.toMatchObject({ code: 'PACK_KEY_WRONG' });
    const changed = Buffer.from(bytes);
    changed[readHeader(bytesSource(bytes)).imageOffset + 200]! ^= 1;
    writeFileSync(file, changed);
    await expect(signPack(file, newKey())).rejects.toMatchObject({ code: 'PACK_HASH_WRONG' });
  });

  test('that was moved to another pack does not hold', async () => {
    const { file } = await packBytes();
    await signPack(file, newKey());
    const { seal } = readPack(bytesSource(readFileSync(file)));
    const other = { ...seal, head: seal.head.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) };
    expect(() => signersOf(other)).toThrow(withCode('PACK_SIGNATURE_WRONG'));
  });
});
