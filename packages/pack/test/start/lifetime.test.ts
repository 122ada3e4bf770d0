import { chmodSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect } from 'vitest';
import {
  type Conditions,
  drivers,
  ground,
  kill,
  mountsAt,
  notTested,
  serverOf,
  test,
  until,
  wayForbidden,
} from './ground.ts';

const USERS: readonly Conditions[] = [
  { user: 'root', fuse: 'as found' },
  { user: 'nobody', fuse: 'openable' },
];

describe.each(USERS)('a shared mount of $user', (conditions) => {
  const refused = wayForbidden('shared', conditions);
  const only = { ...conditions, environment: { WHETSTONE_PACK_WAYS: 'shared' } };

  test('is one for starts at the same time', async (context) => {
    if (refused !== undefined || conditions.user !== 'root') {
      notTested(context, `one mount of ${conditions.user}`, refused ?? 'each has a namespace of its own');
    }
    const app = await ground();
    const programs = await Promise.all([1, 2, 3, 4].map(async () => await app.begin(only)));
    const places = new Set(programs.map(({ mount }) => mount));
    expect([...places]).toHaveLength(1);
    expect(mountsAt(programs[0]!.pid, programs[0]!.mount)).toHaveLength(1);
    expect(drivers(app.folder)).toHaveLength(2);
    for (const one of programs)
      expect(await one.end()).toMatchObject({ code: 0, out: expect.stringContaining('read') });
    await until(() => app.left().length === 0);
  });

  test('outlives its idle time while a program uses it', async (context) => {
    if (refused !== undefined) notTested(context, `a used mount of ${conditions.user}`, refused);
    const app = await ground();
    const one = await app.begin(conditions);
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await one.end()).toMatchObject({ code: 0, out: expect.stringContaining('read') });
    await until(() => app.left().length === 0);
  });

  test('goes with a killed driver, and the next start works', async (context) => {
    if (refused !== undefined) notTested(context, `a killed driver of ${conditions.user}`, refused);
    const app = await ground();
    const one = await app.begin(conditions);
    kill(serverOf(app.folder));
    await until(() => mountsAt(one.pid, one.mount).length === 0);
    const { code, out } = await one.end();
    expect(code).not.toBe(0);
    expect(out).not.toContain('read\n');
    await until(() => app.left().length === 0);
    expect(await app.run([], conditions)).toMatchObject({ code: 7, error: '' });
    await until(() => app.left().length === 0);
  });

  test('is detached by the next start where driver and guard were killed', async (context) => {
    if (refused !== undefined || conditions.user !== 'root') {
      notTested(context, `a dead mount of ${conditions.user}`, refused ?? 'it ends with its namespace');
    }
    const app = await ground();
    const one = await app.begin(only);
    for (const pid of drivers(app.folder)) process.kill(pid, 'SIGSTOP');
    for (const pid of drivers(app.folder)) kill(pid);
    await until(() => drivers(app.folder).length === 0);
    expect(mountsAt(one.pid, one.mount)).toHaveLength(1);
    expect(await app.run([], only)).toMatchObject({ code: 7, error: '' });
    await one.end();
    await until(() => app.left().length === 0);
  });

  test('ends by itself after its program was killed', async (context) => {
    if (refused !== undefined) notTested(context, `a killed program of ${conditions.user}`, refused);
    const app = await ground();
    const one = await app.begin(conditions);
    kill(one.pid);
    expect((await one.ended).code).not.toBe(0);
    await until(() => app.left().length === 0);
    expect(await app.run([], conditions)).toMatchObject({ code: 7, error: '' });
    await until(() => app.left().length === 0);
  });
});

describe.each(['namespace', 'kernel'])('a mount of the program alone (%s)', (way) => {
  const conditions: Conditions = way === 'kernel' ? { user: 'root' } : { user: 'nobody', fuse: 'openable' };
  const refused = wayForbidden(way, conditions);
  const only = { ...conditions, environment: { WHETSTONE_PACK_WAYS: way } };

  test('is seen by nobody else and ends with a killed program', async (context) => {
    if (refused !== undefined) notTested(context, `a mount in the way ${way}`, refused);
    const app = await ground();
    const one = await app.begin(only);
    expect(mountsAt(one.pid, one.mount)).toHaveLength(1);
    expect(mountsAt(process.pid, one.mount)).toHaveLength(0);
    kill(one.pid);
    await one.ended;
    await until(() => app.left().length === 0);
    expect(await app.run([], only)).toMatchObject({ code: 7, error: '' });
    await until(() => app.left().length === 0);
  });

  test('leaves nothing where the driver is killed first', async (context) => {
    if (refused !== undefined || way === 'kernel')
      notTested(context, `a killed driver in the way ${way}`, refused ?? 'the kernel has no driver');
    const app = await ground();
    const one = await app.begin(only);
    for (const pid of drivers(app.folder)) kill(pid);
    await until(() => drivers(app.folder).length === 0);
    expect((await one.end()).out).not.toContain('read\n');
    await until(() => app.left().length === 0);
    expect(await app.run([], only)).toMatchObject({ code: 7, error: '' });
    await until(() => app.left().length === 0);
  });
});

test('a pack ends as its program does', async () => {
  const app = await ground();
  expect(await app.run(['code', '0'])).toMatchObject({ code: 0 });
  expect(await app.run(['code', '93'])).toMatchObject({ code: 93 });
  expect(await app.run(['kill'])).toMatchObject({ code: null, signal: 'SIGTERM' });
});

test('no process shows the arguments of the program when it has ended', async (context) => {
  const refused = wayForbidden('shared', { user: 'root' });
  if (refused !== undefined) notTested(context, 'arguments of the driver', refused);
  const app = await ground();
  const one = await app.run(['hunter2-is-secret'], {
    environment: { WHETSTONE_PACK_WAYS: 'shared', WHETSTONE_PACK_IDLE: '600' },
  });
  expect(one.code).toBe(7);
  const servers = drivers(app.folder);
  expect(servers).toHaveLength(2);
  for (const pid of servers) expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toContain('hunter2');
});

test('a folder of mounts that others may enter is not used', async () => {
  const app = await ground();
  const first = await app.run([], { environment: { WHETSTONE_PACK_WAYS: 'extract' } });
  const cache = path.dirname(path.dirname(first.out.split('\n')[0]!));
  chmodSync(cache, 0o755);
  const { code, error } = await app.run([], { environment: { WHETSTONE_PACK_WAYS: 'extract' } });
  expect(code).toBe(125);
  expect(error).toContain('can be entered by others');
});
