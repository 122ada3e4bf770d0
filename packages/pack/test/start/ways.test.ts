import { describe, expect } from 'vitest';
import { type Conditions, forbidden, ground, notTested, test, until, wayForbidden } from './ground.ts';

const WAYS = ['shared', 'namespace', 'kernel', 'extract'];
const KINDS: readonly Conditions[] = [
  { user: 'root', fuse: 'as found' },
  { user: 'nobody', fuse: 'as found' },
  { user: 'nobody', fuse: 'openable' },
];

describe.each(KINDS)('a pack started by $user with /dev/fuse $fuse', (conditions) => {
  test.for(WAYS)('runs in the way "%s" and leaves nothing', async (way, context) => {
    const reason = wayForbidden(way, conditions);
    if (reason !== undefined) notTested(context, `the way ${way} of ${conditions.user}`, reason);
    const app = await ground();
    const ended = await app.run(['one', "it's two", ''], {
      ...conditions,
      environment: { WHETSTONE_PACK_WAYS: way },
    });
    expect(ended).toMatchObject({ code: 7, error: '' });
    const [mount, ...rest] = ended.out.split('\n');
    expect(rest).toEqual(['one', "it's two", '', 'hello', '']);
    expect(mount).toContain(app.header.root.slice(0, 16));
    await until(() => app.left().length === 0);
  });

  test('runs in the first way that works', async (context) => {
    const reason = forbidden(conditions);
    if (reason !== undefined) notTested(context, `${conditions.user}`, reason);
    const first = WAYS.find((way) => wayForbidden(way, conditions) === undefined);
    const app = await ground();
    const ended = await app.run([], conditions);
    expect(ended).toMatchObject({ code: 7, error: '' });
    const place = { shared: '/wpk/', namespace: '/mount/', kernel: '/mount/', extract: '/files/' }[first!];
    expect(ended.out).toContain(place);
    await until(() => app.left().length === 0);
  });
});

test('a pack runs without any /dev/fuse', async (context) => {
  const conditions = { user: 'nobody', fuse: 'none' } as const;
  const reason = forbidden(conditions);
  if (reason !== undefined) notTested(context, `no /dev/fuse`, reason);
  const app = await ground();
  expect(await app.run([], conditions)).toMatchObject({ code: 7, error: '' });
});

test('a pack that no way can start says why, and what to do', async () => {
  const app = await ground();
  const { code, error } = await app.run([], { environment: { WHETSTONE_PACK_WAYS: 'teleport' } });
  expect(code).toBe(125);
  expect(error).toBe('app.wpk: WHETSTONE_PACK_WAYS names none of shared, namespace, kernel, extract\n');
});

test('a pack whose cache has no room says so in one line', async (context) => {
  const conditions = { user: 'nobody' } as const;
  const reason = forbidden(conditions) ?? forbidden({ fuse: 'openable' });
  if (reason !== undefined) notTested(context, `a full disk`, reason);
  const app = await ground();
  const small = `mkdir -p ${app.folder}/full && mount -t tmpfs -o size=${app.header.driverSize + 300_000},mode=777 none ${app.folder}/full &&
    exec setpriv --reuid=65534 --regid=65534 --clear-groups ${app.pack}`;
  const { code, error } = await app.run(
    [],
    { environment: { XDG_CACHE_HOME: `${app.folder}/full`, WHETSTONE_PACK_WAYS: 'extract' } },
    [
      'unshare',
      '-m',
      'sh',
      '-c',
      small.replace('exec setpriv', `export HOME=${app.folder}/full XDG_RUNTIME_DIR=/nowhere; exec setpriv`),
    ],
  );
  expect(code).toBe(125);
  expect(error.trim().split('\n')).toHaveLength(1);
  expect(error).toContain('No space left on device');
  expect(error).toContain('XDG_CACHE_HOME');
});
