import { runReport, type Finding, type RunReport } from '@whetstone/analyze';
import { writeWhet, type Profile } from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { chromium, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { selfContainedPage } from '../../src/view/self-contained-page.ts';
import { startViewServer, type ViewServer } from '../../src/view/view-server.ts';
import { builtPage } from './built-page.ts';
import { hostile, shopProfile } from './shop-profile.ts';
import { pythonRun } from '../../../analyze/test/python-run.ts';

const browserFile = '/usr/bin/chromium';
const missing = !existsSync(browserFile);
if (missing) process.stderr.write(`The tests of the page are skipped: there is no ${browserFile}.\n`);

const codec = { deflate: (bytes: Uint8Array): Uint8Array => deflateRawSync(bytes) };
const finding: Finding = {
  id: 'waiting-dominates',
  title: `Waiting for ${hostile.name}`,
  text: `The thread slept for **400 ms** in \`fetch\`. ${hostile.warning}`,
  confidence: 'certain',
  gainAtMost: 0.4,
  where: { file: 'src/shop.ts', line: 3, function: 'main' },
  evidence: {},
  suggestions: ['Start the calls together.'],
};

let folder: string;
let pageFolder: string;
let context: BrowserContext;
let served: Served;
/** What went wrong in a page: no test may leave anything here. */
const troubles: string[] = [];
/** Addresses asked for outside the page's own. */
const strangers: string[] = [];

interface Served {
  readonly server: ViewServer;
  readonly report: RunReport;
  readonly bytes: Uint8Array;
}

async function serve(
  profile: Profile,
  findings: readonly Finding[] = [],
  bytes?: Uint8Array,
): Promise<Served> {
  const report = runReport(profile, findings);
  const file = bytes ?? (await writeWhet(profile, codec));
  return { report, bytes: file, server: await startViewServer({ profile: file, report, pageFolder }) };
}

/** Opens the page at a place in it. */
async function open(hash = '', address = served.server.url): Promise<Page> {
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(String(error)));
  await page.goto(address + (hash === '' ? '' : `#${hash}`));
  await page.waitForSelector('.headline');
  return page;
}

/** How many different colours a canvas shows; an empty one shows one. */
const colours = (page: Page, selector: string) =>
  page.locator(selector).evaluate(async (canvas: HTMLCanvasElement) => {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  });

const hash = (page: Page) => page.evaluate(() => location.hash);

describe.skipIf(missing)('the page', () => {
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'whetstone-browser-'));
    pageFolder = await builtPage();
    served = await serve(shopProfile(), [finding]);
    context = await chromium.launchPersistentContext(path.join(folder, 'user'), {
      executablePath: browserFile,
      headless: true,
      viewport: { width: 1280, height: 800 },
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    context.on('request', (request) => {
      if (!/^(http:\/\/127\.0\.0\.1:|file:|blob:|data:)/.test(request.url())) strangers.push(request.url());
    });
  });

  afterAll(async () => {
    await context?.close();
    await served?.server.close();
    for (const used of [folder, pageFolder]) rmSync(used, { recursive: true, force: true });
  });

  afterEach(async () => {
    for (const page of context.pages().slice(1)) await page.close();
    expect(troubles.splice(0)).toEqual([]);
    expect(strangers.splice(0)).toEqual([]);
  });

  test('answers in a sentence, with the split of the time', async () => {
    const page = await open();
    expect(await page.textContent('.headline')).toMatch(/\d/);
    expect(await page.textContent('.split-legend')).toContain('computing 520 ms');
    expect(await page.textContent('.influence')).toBe('measured at about 1.04×');
  });

  test('takes the token out of the address, and opens again without it', async () => {
    const page = await open();
    expect(page.url()).not.toContain('token');
    await page.reload();
    await page.waitForSelector('.headline');
  });

  test('shows lines, functions, waits, findings and warnings in the overview', async () => {
    const page = await open('overview');
    const text = await page.textContent('.overview');
    for (const part of [
      'src/shop.ts:7',
      "const rows = text.split(',');",
      '120,000',
      'Start the calls together.',
      'fetch 127.0.0.1:5432',
      hostile.warning,
      finding.title,
    ]) {
      expect(text).toContain(part);
    }
  });

  test('names functions and findings whole on a phone', async () => {
    const page = await open('overview');
    await page.setViewportSize({ width: 390, height: 844 });
    const wide = (selector: string) =>
      page.locator(selector).evaluateAll((elements) =>
        elements.map((element) => {
          const { left, right } = element.getBoundingClientRect();
          return { seen: right - left > 40, inside: right <= innerWidth };
        }),
      );
    const names = await wide('.overview h2:text-is("Functions") + table tbody .wide');
    const facts = await wide('.finding-facts');
    expect(names.length).toBeGreaterThan(1);
    expect(facts.length).toBe(1);
    for (const found of [...names, ...facts]) expect(found).toEqual({ seen: true, inside: true });
  });

  test('draws the icicle, and selects and zooms by keys', async () => {
    const page = await open('icicle');
    expect(await colours(page, '.canvas')).toBeGreaterThan(4);
    await page.focus('.canvas');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.panel .name:text("parse")');
    expect(await page.textContent('.panel-figures')).toContain('120,000');
    expect(await page.textContent('.panel')).toContain('Called by');
    const before = await hash(page);
    await page.keyboard.press('Enter');
    await expect.poll(() => hash(page)).toContain('zoom=');
    await page.keyboard.press('Backspace');
    await page.keyboard.press('Home');
    await expect.poll(() => hash(page)).not.toContain('zoom=');
    await page.goBack();
    await page.goBack();
    await page.goBack();
    await expect.poll(() => hash(page)).toBe(before);
  });

  test('selects by a click, zooms by a double click, and says what is under the pointer', async () => {
    const page = await open('icicle');
    const box = (await page.locator('.canvas').boundingBox())!;
    await page.mouse.move(box.x + 40, box.y + 30);
    await page.waitForSelector('.tooltip .name:text("main")');
    const tip = (await page.locator('.tooltip').boundingBox())!;
    expect(tip.x).toBeGreaterThan(box.x + 40);
    await page.mouse.click(box.x + 40, box.y + 30);
    await page.waitForSelector('.panel .name:text("main")');
    await page.mouse.dblclick(box.x + 40, box.y + 50);
    await expect.poll(() => hash(page)).toContain('zoom=');
  });

  test('draws the sunburst', async () => {
    const page = await open('sunburst');
    expect(await colours(page, '.canvas')).toBeGreaterThan(6);
    const box = (await page.locator('.canvas').boundingBox())!;
    await page.mouse.click(box.x + box.width / 2 + 78, box.y + box.height / 2);
    await page.waitForSelector('.panel .name:text("main")');
  });

  test('sorts the table, and keeps the order in the address', async () => {
    const page = await open('table');
    const first = () => page.textContent('.grid-space [role=row]:first-child .cell-name');
    expect(await first()).toContain('parse');
    await page.click('[role=columnheader].cell-name button');
    await expect.poll(first).toContain('(anonymous)');
    expect(await hash(page)).toContain('sort=name');
    expect(await page.getAttribute('.cell-name[role=columnheader]', 'aria-sort')).toBe('ascending');
    await page.goBack();
    await expect.poll(first).toContain('parse');
  });

  test('goes through the table by keys, to the source', async () => {
    const page = await open('table');
    await page.focus('.grid');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.grid-row.selected');
    expect(await page.textContent('.stage [aria-live]')).toMatch(/^parse, src\/shop\.ts:\d+: self /);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.source .code-line');
    expect(await page.textContent('.source .code')).toContain("text.split(',')");
  });

  test('shows the source with time and hits, and what is not there with its reason', async () => {
    const page = await open('source');
    const line = page.locator('.source .code-line[aria-rowindex="7"]');
    await expect.poll(() => line.textContent()).toContain('120,000');
    expect(await line.textContent()).toContain('200 ms');
    await page.click('.file:has-text("csv")');
    await page.waitForSelector('text=The text of this file is not there.');
  });

  test('filters every view by the search, and holds it in the address', async () => {
    const page = await open('table');
    await page.keyboard.press('/');
    await page.keyboard.type('PARSE');
    await expect.poll(() => page.locator('.grid-space [role=row]').count()).toBe(1);
    expect(await hash(page)).toContain('search=PARSE');
    expect(await page.textContent('.search output')).toContain('360 ms');
    await page.fill('#search', 'nobody');
    await expect.poll(() => page.textContent('.search output')).toBe('nothing found');
    await page.fill('#search', '/[/');
    await expect.poll(() => page.textContent('.search output')).toBe('no regular expression');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('.grid-space [role=row]').count()).toBeGreaterThan(4);
  });

  test('leaves out waiting', async () => {
    const page = await open('icicle');
    expect(await page.textContent('.legend')).toContain('waiting');
    await page.keyboard.press('w');
    await expect.poll(() => page.textContent('.legend')).not.toContain('waiting');
    expect(await page.textContent('.legend-end')).toContain('520 ms');
  });

  test('shows a stretch of time that is drawn over the strip', async () => {
    const page = await open('table');
    const strip = (await page.locator('.strip canvas').boundingBox())!;
    await page.mouse.move(strip.x + 2, strip.y + 10);
    await page.mouse.down();
    await page.mouse.move(strip.x + strip.width * 0.035, strip.y + 10, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => page.locator('.grid-space [role=row]').count()).toBe(1);
    expect(await hash(page)).toMatch(/time=\d+-\d+/);
    await page.click('.chip');
    await expect.poll(() => page.locator('.grid-space [role=row]').count()).toBeGreaterThan(4);
  });

  test('shows each thread', async () => {
    const page = await open('table');
    await page.selectOption('select[aria-label=Thread]', { label: 'worker 1' });
    await expect.poll(() => page.locator('.grid-space [role=row]').count()).toBe(1);
    expect(await hash(page)).toContain('thread=1');
  });

  test('opens a link as it was', async () => {
    const page = await open('table');
    await page.click('.grid-space [role=row]:nth-child(2)');
    await page.waitForSelector('.panel .name');
    const name = await page.textContent('.panel .name');
    const other = await open((await hash(page)).slice(1));
    expect(await other.textContent('.panel .name')).toBe(name);
  });

  test.each(['overview', 'icicle', 'sunburst', 'table', 'source'])(
    'shows hostile names as text in the %s',
    async (view) => {
      const page = await open(view);
      await page.keyboard.press('/');
      await page.keyboard.type('onerror');
      await page.keyboard.press('Tab');
      if (view === 'table') await page.click('.grid-space [role=row]');
      const box = await page
        .locator('.canvas')
        .boundingBox({ timeout: 1000 })
        .catch(() => null);
      if (box !== null && view === 'icicle') await page.mouse.click(box.x + box.width * 0.39, box.y + 50);
      await page.waitForTimeout(100);
      expect(await page.title()).toBe('shop.ts · Whetstone');
      expect(await page.locator('img, svg, #page script').count()).toBe(0);
      if (view === 'table' || view === 'icicle') {
        expect(await page.textContent('.panel .name')).toBe(hostile.name);
      }
    },
  );

  test('shows a hostile source as text', async () => {
    const page = await open('source');
    await page.click('.file:last-of-type');
    await page.click('.file:has-text("script>.ts")');
    await expect.poll(() => page.textContent('.source .code')).toContain(hostile.source.split('\n')[0]);
    expect(await page.title()).toBe('shop.ts · Whetstone');
  });

  test('has a light and a dark theme, the system’s at first', async () => {
    const page = await open('icicle');
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(ground).toBe('rgb(22, 24, 27)');
    await page.emulateMedia({ colorScheme: 'light' });
    await expect.poll(ground).toBe('rgb(255, 255, 255)');
    await page.keyboard.press('t');
    await expect.poll(ground).toBe('rgb(22, 24, 27)');
    await page.keyboard.press('t');
  });

  test('lists its keys', async () => {
    const page = await open();
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open] kbd');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog[open]').count()).toBe(0);
  });

  test('prints the overview and the functions', async () => {
    const page = await open('icicle');
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    expect(await page.textContent('.overview')).toContain('parse');
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    expect(await page.locator('.canvas').count()).toBe(1);
  });

  test('is one file that works without a server and asks for nothing', async () => {
    const file = path.join(folder, 'shop.html');
    const template = readFileSync(path.join(pageFolder, 'single.html'), 'utf8');
    writeFileSync(file, selfContainedPage(template, served.bytes, served.report));
    const page = await open('icicle', pathToFileURL(file).href);
    expect(await colours(page, '.canvas')).toBeGreaterThan(4);
    await page.keyboard.press('5');
    await expect.poll(() => page.textContent('.source .code')).toContain("text.split(',')");
    await page.click('.file:has-text("csv")');
    await page.waitForSelector('text=The profile was saved without it.');
    await page.goBack();
    await expect.poll(() => page.textContent('.source .code')).toContain("text.split(',')");
    expect(await page.title()).toBe('shop.ts · Whetstone');
  });

  test('shows what a Python program spent its time on', async () => {
    const python = await serve(pythonRun());
    const page = await open('overview', python.server.url);
    const legend = await page.textContent('.split-legend');
    for (const part of ['Python 480 ms', 'C code 320 ms', 'waiting for the lock 200 ms', 'waiting 700 ms'])
      expect(legend).toContain(part);
    const overview = await page.textContent('.overview');
    for (const part of ['Processes and threads', 'server.py', '48.0 MB']) expect(overview).toContain(part);
    const spent = page.locator('tr:has-text("re.sub") .spent').first();
    expect(await spent.getAttribute('title')).toBe(
      'C code 260 ms (57 %), waiting for the lock 200 ms (43 %)',
    );
    await page.click('.overview button:text("sealer")');
    await expect.poll(() => hash(page)).toContain('thread=1');
    await page.keyboard.press('4');
    await expect.poll(() => page.textContent('.grid-space')).toContain('seal');
    await page.keyboard.press('c');
    await expect.poll(() => hash(page)).toContain('colours=states');
    await page.keyboard.press('2');
    await expect.poll(() => page.textContent('.legend')).toContain('Python');
    await page.keyboard.press('c');
    await expect.poll(() => page.textContent('.legend')).toContain('own code');
    await python.server.close();
  });

  test('explains an empty profile', async () => {
    const empty = await serve(profileOf());
    const page = await open('icicle', empty.server.url);
    expect(await page.textContent('.stage')).toContain('No samples: the program ended after 0 s.');
    for (const key of ['1', '3', '4', '5']) await page.keyboard.press(key);
    await empty.server.close();
  });

  test('says what is wrong with a damaged profile', async () => {
    const damaged = await serve(shopProfile(), [], served.bytes.subarray(0, 200));
    const page = await context.newPage();
    await page.goto(damaged.server.url);
    await page.waitForSelector('[role=alert]');
    expect(await page.textContent('[role=alert]')).toMatch(/PROFILE_(TRUNCATED|MALFORMED)/);
    await damaged.server.close();
  });

  test('refuses who has no token', async () => {
    const page = await context.newPage();
    await context.clearCookies();
    const answer = await page.goto(new URL('/', served.server.url).href);
    expect(answer!.status()).toBe(403);
  });
});
