import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';

const executablePath = '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);
if (isMissing) console.log(`skipped in a browser: there is no ${executablePath}`);

test.skipIf(isMissing)('works in Chromium, where nothing may be compiled at run time', async () => {
  const code = await bundled(
    `import { definePlugin, hookSpecs, PluginManager } from '@whetstone/hooks';
     globalThis.result = (async () => {
       const specs = hookSpecs()({ f: {}, later: { async: true, reduce: 'text' }, started: { historic: true }, old: { deprecated: 'gone soon' } });
       const pm = new PluginManager('page', specs);
       pm.hook.started.callHistoric({ at: 'noon' });
       const seen = [];
       pm.register({ name: 'a', f: () => 'a', later: async ({ text }) => text + 'a', started: ({ at }) => { seen.push(at); } });
       const b = pm.register({ name: 'b', f: { after: ['a'], handler: () => 'b' }, old() {} });
       pm.register({ name: 'w', f: { *wrapper() { return [...(yield), 'w']; } }, later: { async *wrapper() { return (yield) + 'w'; } } });
       const all = pm.hook.f();
       b[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
       let code;
       try { pm.register({ name: 'a' }); } catch (error) { code = error.code; }
       return { all, without: pm.hook.f(), later: await pm.hook.later({ text: '' }), seen, code };
     })();`,
    { format: 'iife' },
  );
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    const page = await browser.newPage();
    const errors: unknown[] = [];
    const warnings: string[] = [];
    page.on('pageerror', (error) => errors.push(error));
    page.on('console', (message) => warnings.push(message.text()));
    // The page's own rule against eval and new Function.
    const html = `<!doctype html><meta http-equiv="Content-Security-Policy" content="script-src 'unsafe-inline'"><script>${code}</script>`;
    await page.setContent(html);
    // Called, not evaluated as text: the rule holds for that as well.
    expect(await page.evaluate(async () => await (globalThis as { result?: unknown }).result)).toEqual({
      all: ['a', 'b', 'w'],
      without: ['a', 'w'],
      later: 'aw',
      seen: ['noon'],
      code: 'DUPLICATE_PLUGIN',
    });
    expect(warnings).toEqual(["Plugin 'b' implements the deprecated hook 'old': gone soon"]);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
});

test('compiles nothing at run time, and imports nothing', async () => {
  const code = await bundled(`export * from '@whetstone/hooks'`);
  expect(code).not.toMatch(/\beval\b|\bFunction\s*\(|import\s*\(|\brequire\b|from\s*["']/);
});
