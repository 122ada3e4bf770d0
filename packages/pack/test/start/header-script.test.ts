import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { headerScript } from '@whetstone/pack';
import { describe, expect } from 'vitest';
import { ground, notTested, test } from './ground.ts';

const SHELLS = ['/bin/dash', '/bin/bash', '/bin/busybox'];

describe.each(SHELLS)('the header in %s', (shell) => {
  const command = shell.endsWith('busybox') ? [shell, 'sh'] : [shell];

  test('starts the program, mounted or not', async (context) => {
    if (!existsSync(shell)) notTested(context, 'a shell', `there is no ${shell}`);
    const app = await ground();
    for (let time = 0; time < 2; time++)
      expect(await app.run(['a b', '*', '$HOME'], {}, [...command, app.pack])).toMatchObject({
        code: 7,
        error: '',
        out: expect.stringContaining('\na b\n*\n$HOME\nhello\n'),
      });
  });

  test('tells of the pack without any tool', async (context) => {
    if (!existsSync(shell)) notTested(context, 'a shell', `there is no ${shell}`);
    const app = await ground();
    const { code, out, error } = await app.run(['--pack-info'], { environment: { PATH: '/nowhere' } }, [
      ...command,
      app.pack,
    ]);
    expect({ code, error }).toEqual({ code: 0, error: '' });
    expect(out).toContain(`name: test\nversion: 1.0.0\narch: x86_64\n`);
    expect(out).toContain(`root: ${app.header.root}\n`);
    expect(app.left()).toEqual([]);
  });
});

test('an argument --pack-info among others is the program’s', async () => {
  const app = await ground();
  expect(await app.run(['--pack-info', 'x'])).toMatchObject({
    code: 7,
    out: expect.stringContaining('--pack-info\nx\n'),
  });
});

test('the header leaves umask, variables and descriptors to the program as they were', async () => {
  const app = await ground();
  const shown = 'umask; env | grep -c WPK_ || true; ls /proc/$$/fd | tr "\\n" " "';
  const own = await ground([]);
  expect(own.header.root).toBe(app.header.root);
  const { out } = await app.run(['wait'], {}, [
    'sh',
    '-c',
    `umask 027; echo | "$0" "$@"; ${shown}`,
    app.pack,
  ]);
  expect(out).toContain('0027\n0\n');
});

test('a caller’s own descriptor 9 reaches the program', async () => {
  const app = await ground();
  const { code, out } = await app.run([], {}, [
    'sh',
    '-c',
    '"$0" >/dev/null; exec "$0" 9</etc/passwd',
    app.pack,
  ]);
  expect(code).toBe(7);
  expect(out).toContain('hello');
});

test('the script is POSIX shell that ends on every path', () => {
  expect(spawnSync('sh', ['-n'], { input: headerScript() }).status).toBe(0);
  expect(headerScript().trim().split('\n').at(-1)).toMatch(/"\$0" "\$@"$/);
});
