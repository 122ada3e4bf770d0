import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import {
  bytesSource,
  driverFile,
  extractPack,
  fileSource,
  imagePlace,
  mountPack,
  unmountPack,
} from '@whetstone/pack';
import { expect, onTestFinished } from 'vitest';
import { fileEntry, imageFile } from '../image-file.ts';
import {
  type Ground,
  ground,
  kill,
  mountsAt,
  noise,
  notTested,
  serverOf,
  test,
  until,
  wayForbidden,
} from './ground.ts';

const refused = wayForbidden('shared', { user: 'root' });

/** The ground with its pack mounted, and where. */
async function mounted(): Promise<{ app: Ground; folder: string }> {
  const app = await ground();
  const folder = `${app.folder}/mounted`;
  mkdirSync(folder);
  onTestFinished(async () => await unmountPack(folder).catch(() => undefined));
  await mountPack(app.pack, app.header, folder);
  return { app, folder };
}

test('a mounted pack shows its files, read-only, until it is unmounted', async (context) => {
  if (refused !== undefined) notTested(context, 'mounting', refused);
  const { app, folder } = await mounted();
  expect(readdirSync(`${folder}/app`)).toEqual(['data', 'greeting', 'main']);
  expect(readFileSync(`${folder}/app/data`).equals(noise(600_000))).toBe(true);
  expect(() => writeFileSync(`${folder}/app/new`, '')).toThrow('EROFS');
  await expect(mountPack(app.pack, app.header, folder)).rejects.toMatchObject({ code: 'PACK_MOUNT_FAILED' });
  await unmountPack(folder);
  expect(readdirSync(folder)).toEqual([]);
  await until(() => app.left().length === 0);
  await expect(unmountPack(folder)).rejects.toThrow('nothing is mounted');
});

test('a mounted pack in use is not unmounted', async (context) => {
  if (refused !== undefined) notTested(context, 'mounting', refused);
  const { folder } = await mounted();
  const before = process.cwd();
  process.chdir(`${folder}/app`);
  try {
    await expect(unmountPack(folder)).rejects.toThrow('is in use');
  } finally {
    process.chdir(before);
  }
  await unmountPack(folder);
});

test('a mounted pack goes with its killed driver', async (context) => {
  if (refused !== undefined) notTested(context, 'mounting', refused);
  const { app, folder } = await mounted();
  kill(serverOf(folder));
  await until(() => mountsAt(process.pid, folder).length === 0 && app.left().length === 0);
});

test('an ordinary user mounts and unmounts by fusermount3', async (context) => {
  const conditions = { user: 'nobody', fuse: 'openable' } as const;
  const reason = wayForbidden('shared', conditions);
  if (reason !== undefined) notTested(context, 'mounting by an ordinary user', reason);
  const app = await ground();
  // Where the project stands others may not enter.
  const driver = `${app.folder}/driver-copy`;
  writeFileSync(driver, (await driverFile())!, { mode: 0o755 });
  const { imageOffset, imageSize, treeOffset, treeSize, sealOffset, root } = app.header;
  const place = `--image ${imageOffset}:${imageSize} --tree ${treeOffset}:${treeSize} --seal ${sealOffset} --root ${root}`;
  const script = `mkdir "$HOME/at" && "$0" mount ${place} "$1" "$HOME/at" && cat "$HOME/at/app/greeting" && "$0" unmount "$HOME/at" && rmdir "$HOME/at"`;
  expect(await app.run([], conditions, ['sh', '-c', script, driver, app.pack])).toMatchObject({
    code: 0,
    out: 'hello\n',
    error: '',
  });
  await until(() => app.left().length === 0);
});

test('a mount that is not ours stays', async (context) => {
  if (refused !== undefined) notTested(context, 'mounting', refused);
  const app = await ground();
  await expect(unmountPack('/proc')).rejects.toThrow('is not a pack');
  await expect(unmountPack(app.folder)).rejects.toThrow('nothing is mounted');
});

test('the image of a XAR is mounted from where its header says', async (context) => {
  if (refused !== undefined) notTested(context, 'mounting', refused);
  const app = await ground();
  const file = `${app.folder}/old.xar`;
  const folder = `${app.folder}/mounted`;
  mkdirSync(folder);
  await imageFile(file, [fileEntry('run.sh', 'echo hi\n', true)], { offset: 8192 });
  const bytes = readFileSync(file);
  bytes.write(
    '#!/usr/bin/env xarexec_fuse\nOFFSET="8192"\nUUID="d770950c"\nVERSION="1"\nDEPENDENCIES=""\nXAREXEC_TARGET="run.sh"\n#xar_stop\n',
  );
  writeFileSync(file, bytes);
  using source = fileSource(file);
  const place = imagePlace(source);
  expect(place).toEqual({ imageOffset: 8192 });
  await mountPack(file, place, folder);
  expect(readFileSync(`${folder}/run.sh`, 'utf8')).toBe('echo hi\n');
  await unmountPack(folder);
  await until(() => app.left().length === 0);
});

test('a XAR whose offset lies outside of it is refused', () => {
  const text = '#!/usr/bin/env xarexec_fuse\nOFFSET="9999"\n';
  expect(() => imagePlace(bytesSource(Buffer.from(text)))).toThrow(
    expect.objectContaining({ code: 'PACK_HEADER_DAMAGED' }),
  );
});

test('an extracted pack has the same files', async () => {
  const app = await ground();
  const folder = `${app.folder}/files`;
  await extractPack(app.pack, app.header, folder);
  expect(readFileSync(`${folder}/app/data`).equals(noise(600_000))).toBe(true);
  expect(existsSync(`${folder}/.pack/start`)).toBe(true);
});
