import { appendFileSync, copyFileSync, readFileSync, truncateSync } from 'node:fs';
import { describe, expect } from 'vitest';
import { flipped, type Ground, ground, notTested, test, until, wayForbidden } from './ground.ts';

/** Where a byte is changed, and the words of the refusal. */
const REGIONS: readonly [string, (app: Ground) => number, string][] = [
  ['driver', ({ header }) => header.driverOffset + 1000, 'the driver in it was changed'],
  ['superblock', ({ header }) => header.imageOffset + 20, 'the image was changed'],
  ['tree', ({ header }) => header.treeOffset + 33, 'the hash tree was changed'],
  ['top of the tree', ({ header }) => header.sealOffset - 1, 'the hash tree was changed'],
  ['seal', ({ header }) => header.sealOffset + 90, 'the seal or a signature was changed'],
  ['end of the seal', ({ header }) => header.sealOffset + 143, 'the seal or a signature was changed'],
];

test.each(REGIONS)('a pack with a changed byte in its %s is not started', async (_, place, words) => {
  const app = await ground();
  const bad = flipped(app.pack, place(app), `${app.folder}/bad.wpk`);
  const { code, out, error } = await app.run([], {}, [bad]);
  expect({ code, out }).toEqual({ code: 125, out: '' });
  expect(error).toContain(words);
  expect(error.trim().split('\n')).toHaveLength(1);
  expect(app.left()).toEqual([]);
});

test('a pack that was cut off or lengthened is not started', async () => {
  const app = await ground();
  const other = `${app.folder}/other.wpk`;
  copyFileSync(app.pack, other);
  appendFileSync(other, 'x');
  expect(await app.run([], {}, [other])).toMatchObject({
    code: 125,
    error: expect.stringContaining('another size'),
  });
  truncateSync(other, app.header.treeOffset);
  expect(await app.run([], {}, [other])).toMatchObject({
    code: 125,
    error: expect.stringContaining('another size'),
  });
  truncateSync(other, app.header.imageOffset);
  expect(await app.run([], {}, [other])).toMatchObject({ code: 125 });
});

describe('a changed byte in the middle of the image', () => {
  /** The data is noise, stored as it is: most of the image. */
  const middle = ({ header }: Ground) => header.imageOffset + Math.floor(header.imageSize / 2);

  test.for(['shared', 'namespace', 'kernel', 'extract'])(
    'is never handed out in the way "%s"',
    async (way, context) => {
      const refused = wayForbidden(way, { user: 'root' });
      if (refused !== undefined) notTested(context, `a changed block in the way ${way}`, refused);
      const app = await ground();
      const bad = flipped(app.pack, middle(app), `${app.folder}/bad.wpk`);
      const { code, out } = await app.run(['wait'], { environment: { WHETSTONE_PACK_WAYS: way } }, [
        'sh',
        '-c',
        'echo | "$0" "$@"',
        bad,
      ]);
      expect(code).not.toBe(0);
      expect(out).not.toContain('read\n');
      await until(() => app.left().length === 0);
    },
  );

  test('is told of by the next start, and a whole copy starts', async (context) => {
    const refused = wayForbidden('shared', { user: 'root' });
    if (refused !== undefined) notTested(context, 'a damaged shared mount', refused);
    const app = await ground();
    const bad = flipped(app.pack, middle(app), `${app.folder}/bad.wpk`);
    const environment = { WHETSTONE_PACK_IDLE: '600' };
    await app.run(['wait'], { environment }, ['sh', '-c', 'echo | "$0" "$@"', bad]);
    const again = await app.run([], { environment }, [bad]);
    expect(again).toMatchObject({
      code: 125,
      out: '',
      error: expect.stringContaining('the image was changed: block'),
    });
    expect(await app.run([], { environment: { WHETSTONE_PACK_IDLE: '1' } })).toMatchObject({
      code: 7,
      error: '',
    });
    await until(() => app.left().length === 0);
  });
});

test('verify of the driver finds a changed byte in the header', async () => {
  const app = await ground();
  const { imageOffset, imageSize, treeOffset, treeSize, sealOffset, root } = app.header;
  const environment = { XDG_CACHE_HOME: `${app.folder}/cache` };
  const driver = `${environment.XDG_CACHE_HOME}/whetstone-pack/driver-${app.header.driverSha256}`;
  expect((await app.run([], { environment })).code).toBe(7);
  const verify = async (file: string) =>
    await app.run([], {}, [
      driver,
      'verify',
      '--image',
      `${imageOffset}:${imageSize}`,
      '--tree',
      `${treeOffset}:${treeSize}`,
      '--seal',
      String(sealOffset),
      '--root',
      root,
      file,
    ]);
  expect(await verify(app.pack)).toMatchObject({ code: 0, error: '' });
  const script = readFileSync(app.pack).indexOf('wpk_fail');
  const bad = flipped(app.pack, script, `${app.folder}/bad.wpk`);
  expect(await verify(bad)).toMatchObject({
    code: 125,
    error: expect.stringContaining('header or the driver was changed'),
  });
});
