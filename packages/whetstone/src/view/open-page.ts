import { spawn } from 'node:child_process';

/** What decides whether a browser can be opened here. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Opens an address in the user's browser. False where there is none to be seen — no display, over SSH,
 * in continuous integration — or where it does not start: then the address has to be printed.
 */
export function openPage(
  url: string,
  { platform, environment }: Surroundings = { platform: process.platform, environment: process.env },
): Promise<boolean> {
  const command = openerOf(platform, environment);
  if (command === null) return Promise.resolve(false);
  const [program, ...args] = command;
  return new Promise((resolve) => {
    // In a group of its own, so that Ctrl-C here does not end the user's browser.
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}

/** The command that opens an address, `null` where nobody would see it. */
export function openerOf(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): readonly [string, ...string[]] | null {
  const has = (name: string) => (environment[name] ?? '') !== '';
  if (has('CI') || has('SSH_CONNECTION') || has('SSH_TTY') || has('SSH_CLIENT')) return null;
  // The convention of `BROWSER=none` is older than we are.
  if (environment['BROWSER'] === 'none') return null;
  if (platform === 'darwin') return ['open'];
  // `start` would read `&` in the address; the handler of addresses reads nothing.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return has('DISPLAY') || has('WAYLAND_DISPLAY') ? ['xdg-open'] : null;
}
