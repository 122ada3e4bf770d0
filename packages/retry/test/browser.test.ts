import { existsSync } from 'node:fs';

import { chromium } from 'playwright-core';
import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';

const executablePath = '/usr/bin/chromium';
const isMissing = !existsSync(executablePath);
if (isMissing) console.log(`skipped in a browser: there is no ${executablePath}`);

test.skipIf(isMissing)('works in Chromium', async () => {
  const code = await bundled(
    `import { retry, retrySync, waitExponential } from '@whetstone/retry';
     import { skipSleeps } from '@whetstone/retry/testing';
     globalThis.result = (async () => {
       let n = 0;
       const flaky = async () => { if (n++ < 2) throw new Error('no'); return n; };
       const slept = await retry(flaky, { wait: waitExponential({ initial: 1 }), unref: true })();
       const hung = await retry({ attemptTimeout: 5, attempts: 1 }).run(() => new Promise(() => {})).catch((e) => e.code);
       const timedOut = await retry(() => new Promise(() => {}), { timeout: 5 })().catch((e) => e.code);
       const aborted = await retry(flaky, { signal: AbortSignal.abort('enough') })().catch((e) => e);
       let blocked = '';
       try { retrySync(() => { throw new Error('no'); }, { wait: 1 })(); } catch (error) { blocked = error.name; }
       const skip = skipSleeps();
       n = 0;
       const skipped = await retry(flaky, { wait: '1h', attempts: Infinity })();
       skip[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
       return { slept, hung, timedOut, aborted, blocked, skipped };
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
    page.on('pageerror', (error) => errors.push(error));
    await page.addScriptTag({ content: code });
    expect(await page.evaluate('globalThis.result')).toEqual({
      slept: 3,
      hung: 'ATTEMPT_TIMEOUT',
      timedOut: 'RETRY_TIMEOUT',
      aborted: 'enough',
      // A main thread may not block, and without isolation there is no SharedArrayBuffer at all.
      blocked: expect.stringMatching(/TypeError|ReferenceError/),
      skipped: 3,
    });
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
});
