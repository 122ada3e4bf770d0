import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { project, started, whetstone } from './command.ts';

// Many programs are started one after another, and on a busy machine each takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const data = {
  'pack.json': JSON.stringify({ name: 'data', version: '1.0.0', files: ['a.txt'] }),
  'a.txt': 'hello\n',
};

/** Runs `whetstone pack …` in a folder whose trusted keys are its own. */
async function pack(folder: string, ...args: readonly string[]) {
  const env = { XDG_CONFIG_HOME: path.join(folder, 'config'), XDG_CACHE_HOME: path.join(folder, 'cache') };
  return await whetstone(['pack', ...args], { cwd: folder, env });
}

async function build(folder: string, version: string, out: string): Promise<void> {
  writeFileSync(path.join(folder, 'pack.json'), JSON.stringify({ name: 'data', version, files: ['a.txt'] }));
  expect(await pack(folder, 'build', '-o', out)).toMatchObject({ code: 0 });
}

test('signs, pins and verifies', async () => {
  const folder = project(data);
  await build(folder, '1.0.0', 'data.wpk');
  expect(await pack(folder, 'verify', 'data.wpk')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Nobody signed it') as string,
  });
  for (const name of ['alice', 'mallory']) expect(await pack(folder, 'key', name)).toMatchObject({ code: 0 });
  expect(statSync(path.join(folder, 'alice.pem')).mode & 0o777).toBe(0o600);
  expect(await pack(folder, 'key', 'alice')).toMatchObject({
    code: 1,
    stderr: 'whetstone: cannot write alice.pem: it exists.\n',
  });
  expect(await pack(folder, 'trust', 'alice.pub', '--for', 'data')).toMatchObject({
    code: 0,
    stdout: 'Packs named data must be signed by alice.\n',
  });
  expect(await pack(folder, 'verify', 'data.wpk')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: 'whetstone: Nobody signed data.wpk, and it must be signed by alice (rule for data).\n',
  });
  expect(await pack(folder, 'sign', '--key', 'alice.pem', 'data.wpk')).toMatchObject({ code: 0 });
  expect(await pack(folder, 'verify', 'data.wpk')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Signed by alice \([0-9a-f]{16}…\), a key that you pinned\./) as string,
  });
  expect(await pack(folder, 'verify', '--key', 'mallory.pub', 'data.wpk')).toMatchObject({ code: 1 });
  expect(await pack(folder, 'trust', '--remove', 'alice')).toMatchObject({ code: 0 });
  expect(await pack(folder, 'verify', 'data.wpk')).toMatchObject({ code: 1 });
});

test('updates to what the same key signed, and goes back', async () => {
  const folder = project(data);
  await build(folder, '1.0.0', 'data.wpk');
  for (const name of ['alice', 'mallory']) await pack(folder, 'key', name);
  await pack(folder, 'sign', '--key', 'alice.pem', 'data.wpk');
  await build(folder, '1.1.0', 'later.wpk');
  await pack(folder, 'sign', '--key', 'mallory.pem', 'later.wpk');
  expect(await pack(folder, 'update', 'data.wpk', '--from', 'later.wpk')).toMatchObject({ code: 1 });
  await pack(folder, 'sign', '--key', 'alice.pem', 'later.wpk');
  expect(await pack(folder, 'update', 'data.wpk', '--from', 'later.wpk')).toMatchObject({
    code: 0,
    stdout: 'data.wpk is 1.1.0 now. 1.0.0 is kept: whetstone pack rollback data.wpk\n',
  });
  expect(await pack(folder, 'update', 'data.wpk', '--from', 'later.wpk')).toMatchObject({
    code: 0,
    stdout: 'data.wpk is 1.1.0 already.\n',
  });
  expect(await pack(folder, 'rollback', 'data.wpk')).toMatchObject({ code: 0 });
  expect((await pack(folder, 'verify', 'data.wpk')).stdout).toContain('data 1.0.0');
});

test('refuses a changed byte in one line, and does not run the file', async () => {
  const folder = project(data);
  await build(folder, '1.0.0', 'data.wpk');
  const bytes = readFileSync(path.join(folder, 'data.wpk'));
  bytes[bytes.indexOf('# End of variables') + 200]! ^= 1;
  writeFileSync(path.join(folder, 'data.wpk'), bytes);
  for (const command of ['verify', 'run']) {
    const { code, stdout, stderr } = await pack(folder, command, 'data.wpk');
    expect({ code, stdout }).toEqual({ code: command === 'run' ? 125 : 1, stdout: '' });
    expect(stderr).toMatch(/^whetstone: [^\n]+\n$/);
  }
});

test('tells of files that nothing declared in 80 columns and by its exit code', async () => {
  const folder = project(data);
  const git = async (...args: string[]) => await started('git', args, { cwd: folder }).ended;
  await build(folder, '1.0.0', 'data.wpk');
  expect(await pack(folder, 'inventory', 'data.wpk')).toMatchObject({ code: 4 });
  await git('init', '-q');
  await git('add', 'a.txt', 'pack.json');
  const declared = await pack(folder, 'inventory', '.');
  expect(declared).toMatchObject({ code: 0, stderr: '' });
  expect(declared.stdout).toMatch(/^ {2}The one file that a build of data packs is as it was declared\.\n/);
  writeFileSync(path.join(folder, 'a.txt'), 'changed\n');
  const changed = await pack(folder, 'inventory', '--project', '.', '--cyclonedx', 'bom.json', 'data.wpk');
  expect(changed.code).toBe(0);
  expect(JSON.parse(readFileSync(path.join(folder, 'bom.json'), 'utf8'))).toMatchObject({
    bomFormat: 'CycloneDX',
  });
  const found = await pack(folder, 'inventory', '.');
  expect(found.code).toBe(3);
  expect(found.stdout).toContain('CONTENT DIFFERS\n  Git has another content of it:\n    a.txt\n');
  for (const line of `${declared.stdout}${found.stdout}`.split('\n'))
    expect(line.length).toBeLessThanOrEqual(80);
  expect(found.stdout).not.toContain('\x1b');
  const { stdout } = await pack(folder, 'inventory', '--json', '.');
  expect(JSON.parse(stdout)).toMatchObject({ of: 'build', counts: { differs: 1 } });
});

test('says in one line what is wrong with the command line', async () => {
  const folder = project(data);
  copyFileSync(path.join(folder, 'a.txt'), path.join(folder, 'no.wpk'));
  const wrong: readonly (readonly [readonly string[], number])[] = [
    [['verify'], 2],
    [['verify', 'no.wpk'], 1],
    [['verify', '--key', 'nobody', 'no.wpk'], 2],
    [['sign', '--key', 'a.txt', 'no.wpk'], 1],
    [['trust', 'a.txt'], 1],
    [['trust', '--remove', 'nobody'], 1],
    [['inventory', 'none'], 1],
    [['update', 'no.wpk'], 2],
    [['update', 'no.wpk', '--from', 'no.wpk'], 1],
    [['rollback', 'no.wpk'], 1],
  ];
  for (const [args, code] of wrong) {
    const ended = await pack(folder, ...args);
    expect({ args, code: ended.code, stdout: ended.stdout }).toEqual({ args, code, stdout: '' });
    expect(ended.stderr, args.join(' ')).toMatch(/^whetstone: [^\n]+\n$/);
  }
});
