// Takes the README's picture: the page with a run of the example, as Chromium shows it.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { root, setUp } from './setup.mjs';

setUp();
const folder = mkdtempSync(path.join(os.tmpdir(), 'picture-'));
const page = path.join(folder, 'page.html');
const command = path.join(root, 'packages/whetstone/bin/whetstone.js');
spawnSync(
  process.execPath,
  [command, 'run', '--counts', '--quiet', '--html', page, 'examples/deliveries/src/main.ts'],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run'],
});
try {
  mkdirSync(path.join(root, 'docs/pictures'), { recursive: true });
  for (const [view, colorScheme] of [
    ['Icicle', 'light'],
    ['Source', 'dark'],
  ]) {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme });
    await tab.goto(pathToFileURL(page).href);
    await tab.getByText(view, { exact: true }).first().click();
    // The picture is drawn on a canvas, which tells nobody that it is done.
    await tab.waitForTimeout(1000);
    await tab.screenshot({ path: path.join(root, `docs/pictures/${view.toLowerCase()}-${colorScheme}.png`) });
    await tab.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
