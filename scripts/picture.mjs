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
  for (const colorScheme of ['light', 'dark']) {
    const tab = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme });
    await tab.goto(pathToFileURL(page).href);
    await tab.getByRole('tab', { name: 'Source' }).click();
    await tab.getByText('seen.includes').first().waitFor();
    await tab.screenshot({ path: path.join(root, `docs/pictures/source-${colorScheme}.png`) });
    await tab.getByRole('tab', { name: 'Icicle' }).click();
    await tab.waitForTimeout(500);
    await tab.screenshot({ path: path.join(root, `docs/pictures/icicle-${colorScheme}.png`) });
    await tab.close();
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
