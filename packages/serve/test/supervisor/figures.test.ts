import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { engines } from '../engine/engines.ts';
import { bothOf, endApps, figures, start, text, until } from './app-process.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'serve-'));
});
afterEach(async () => {
  await endApps();
  spawnSync('umount', [path.join(folder, 'disk')], { stdio: 'ignore' });
  rmSync(folder, { recursive: true });
});

/** The samples of a page of metrics that only rise, by name and labels. */
function counters(page: string): Map<string, number> {
  const names = new Set([...page.matchAll(/^# TYPE (\S+) counter$/gm)].map(([, name]) => name));
  const samples = page.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value] = /^(\w+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    return names.has(name) ? [[name + labels, Number(value)] as const] : [];
  });
  return new Map(samples);
}

const lines = (file: string) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
const targets = (file: string) => lines(file).map((line) => (JSON.parse(line) as { target: string }).target);

describe.each(engines)('with the %s engine', (engine) => {
  test('no counter falls while workers crash and are replaced, and a reload loses none', async () => {
    const { url } = await start({ engine, metrics: '/metrics' });
    let before = new Map<string, number>();
    let pages = 0;
    const run = { on: true };
    const watch = (async () => {
      while (run.on) {
        const page = await text(`${url}/metrics`).catch(() => '');
        // A worker that crashed took this connection with it.
        if (page === '') continue;
        const now = counters(page);
        const fallen = [...before].filter(([name, value]) => !(now.get(name)! >= value));
        expect(fallen).toEqual([]);
        before = now;
        pages++;
      }
    })();
    // It is awaited at the end; until then nobody hears it fail.
    watch.catch(() => undefined);
    const restarts = () => before.get('serve_worker_restarts_total')!;
    for (let n = 1; n <= 2; n++) {
      await bothOf(url);
      await fetch(`${url}/crash`).catch(() => undefined);
      await until(() => restarts() === n);
      expect(await text(`${url}/reload`)).toBe('reloaded');
    }
    // Crashed workers took what they counted last with them; from here on all is exact.
    await until(async () => (await figures(url)).workers.leaving === 0);
    const route = 'serve_route_requests_total{route="/"}';
    let settled = -1;
    await until(async () => {
      const last = settled;
      settled = before.get(route)!;
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return last === settled;
    });
    for (let n = 0; n < 100; n++) await text(url);
    expect(await text(`${url}/reload`)).toBe('reloaded');
    await until(() => before.get(route) === settled + 100);
    run.on = false;
    await watch;
    expect(pages).toBeGreaterThan(10);
  });

  test.skipIf(process.platform === 'win32')(
    'SIGUSR2 has every worker open the access log again',
    async () => {
      const file = path.join(folder, 'access.log');
      const { url, child } = await start({ engine, accessLog: file });
      await bothOf(url);
      await until(() => lines(file).length >= 2);
      renameSync(file, `${file}.1`);
      child.kill('SIGUSR2');
      // Until one round of requests, which meets both workers, stands in the new file whole.
      let round = 0;
      await until(async () => {
        round++;
        for (let n = 0; n < 8; n++) await text(`${url}/?${round}.${n}`);
        const wanted = Array.from({ length: 8 }, (_, n) => `/?${round}.${n}`);
        await until(() => {
          const all = [...targets(`${file}.1`), ...targets(file)];
          return wanted.every((target) => all.includes(target));
        });
        const fresh = targets(file);
        return wanted.every((target) => fresh.includes(target));
      });
      // Nothing stands in both.
      expect(
        targets(file).filter((target) => target !== '/' && targets(`${file}.1`).includes(target)),
      ).toEqual([]);
    },
  );

  test('a full disk drops lines of the access log, and counts them; the log goes on when there is room', async (context) => {
    const disk = path.join(folder, 'disk');
    mkdirSync(disk);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk]).status !== 0) {
      process.stderr.write('The test of a full disk is skipped: only root may mount a small one.\n');
      return context.skip();
    }
    const file = path.join(disk, 'access.log');
    const filler = path.join(disk, 'filler');
    writeFileSync(filler, Buffer.alloc(32 * 1024));
    const { url, child } = await start({ engine, accessLog: file, workers: 1 });
    let asked = 0;
    const ask = async () => {
      asked++;
      expect(await text(`${url}/?${'x'.repeat(1000)}`)).toBe(String(pid));
    };
    const pid = Number(await text(url));
    asked++;
    for (let n = 0; n < 60; n++) await ask();
    await until(async () => (await figures(url)).logDropped > 0);
    rmSync(filler);
    for (let n = 0; n < 4; n++) await ask();
    const stats = await settledFigures(url);
    child.kill('SIGTERM');
    await until(() => child.exitCode === 0);
    // Each line is there whole, or was counted; at most one was cut where the disk was full.
    const all = lines(file).map((line) => {
      try {
        return (JSON.parse(line) as { target: string }).target;
      } catch {
        return null;
      }
    });
    expect(all.filter((target) => target === null).length).toBeLessThanOrEqual(1);
    const written = all.filter((target) => target !== null && target !== '/stats').length;
    expect(written).toBeLessThan(asked);
    expect(written + stats.logDropped).toBeGreaterThanOrEqual(asked);
    expect(all.slice(-6).filter((target) => target?.startsWith('/?')).length).toBeGreaterThanOrEqual(1);
  });
});

/** The figures once two in a row are the same but for what asking for them counts. */
async function settledFigures(url: string) {
  let last = await figures(url);
  await until(async () => {
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const before = last.logDropped;
    last = await figures(url);
    return last.logDropped === before;
  });
  return last;
}
