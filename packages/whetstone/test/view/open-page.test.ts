import { describe, expect, test } from 'vitest';
import { openerOf, openPage } from '../../src/view/open-page.ts';

describe('openerOf', () => {
  test.each([
    ['linux', { DISPLAY: ':0' }, ['xdg-open']],
    ['linux', { WAYLAND_DISPLAY: 'wayland-0' }, ['xdg-open']],
    ['linux', {}, null],
    ['linux', { DISPLAY: ':0', CI: 'true' }, null],
    ['linux', { DISPLAY: ':0', BROWSER: 'none' }, null],
    ['linux', { DISPLAY: 'localhost:10.0', SSH_CONNECTION: '10.0.0.1 1 10.0.0.2 22' }, null],
    ['darwin', {}, ['open']],
    ['darwin', { SSH_TTY: '/dev/ttys001' }, null],
    ['win32', {}, ['rundll32', 'url.dll,FileProtocolHandler']],
  ] as const)('on %s with %o is %o', (platform, environment, expected) => {
    expect(openerOf(platform, environment)).toEqual(expected);
  });
});

describe('openPage', () => {
  test('is false where nobody would see a browser', async () => {
    expect(await openPage('http://127.0.0.1:1/', { platform: 'linux', environment: {} })).toBe(false);
  });
});
