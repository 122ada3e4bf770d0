import { describe, expect, test } from 'vitest';
import { RawClient } from '../engine/client.ts';
import { found, servers, start, stderrOf, text, until } from './serving.ts';

/** What an application may do to its process, and what the rest sees of it. */
describe.skipIf(!found).each(['wsgi', 'asgi'])('%s: an application', (name) => {
  test('that exits is answered for with 500, and its process serves on', async () => {
    const url = await start(name, { workers: 1 });
    const before = await text(url);
    const written = await stderrOf(async () => {
      expect((await fetch(`${url}/exits`)).status).toBe(500);
    });
    expect(written).toContain('SystemExit: 4');
    expect(await text(url)).toBe(before);
  });

  test('that forks answers once, in its own name', async () => {
    const url = await start(name, { workers: 1 });
    const before = await text(url);
    await stderrOf(async () => {
      for (let round = 0; round < 3; round++) expect(await text(`${url}/forks`)).toBe('parent');
    });
    expect(await text(url)).toBe(before);
  });

  test('that prints is served as any other', async () => {
    const url = await start(name, { workers: 1 });
    const before = await text(url);
    expect((await fetch(`${url}/prints`)).status).toBe(200);
    expect(await text(url)).toBe(before);
  });

  test('that crashes takes no other request of another process with it', async () => {
    const url = await start(name, { workers: 2 });
    await stderrOf(async () => {
      expect((await fetch(`${url}/crash`)).status).toBe(500);
      await until(async () => (await servers[0]!.stats()).workers!.serving === 2);
      expect((await servers[0]!.stats()).workers!.restarts).toBe(1);
      const pids = new Set(await Promise.all(Array.from({ length: 8 }, () => text(`${url}/slow`))));
      expect(pids.size).toBe(2);
    });
  });

  test('gives what it has before it has all', async () => {
    const url = await start(name, { threads: 2, workers: 1 });
    const response = await fetch(`${url}/half`);
    const reader = response.body!.getReader();
    const first = await reader.read();
    expect(Buffer.from(first.value!).toString()).toBe('half');
    await text(`${url}/other-half`);
    let rest = '';
    for (let piece = await reader.read(); !piece.done; piece = await reader.read())
      rest += Buffer.from(piece.value).toString();
    expect(rest).toBe(' whole');
  });
});

describe.skipIf(!found)('a WSGI application', () => {
  test('that crashes fails one request: those that waited behind it go to another process', async () => {
    const url = await start('wsgi', { workers: 1 });
    await stderrOf(async () => {
      const slow = text(`${url}/slow`);
      await until(async () => (await servers[0]!.stats()).inFlight === 1);
      const crash = fetch(`${url}/crash`);
      await until(async () => (await servers[0]!.stats()).inFlight === 2);
      const others = Array.from({ length: 10 }, () => fetch(url));
      expect(await slow).toMatch(/^\d+$/);
      expect((await crash).status).toBe(500);
      for (const other of others) expect((await other).status).toBe(200);
    });
  });

  test('that hangs keeps only its own process: others take what waits behind it', async () => {
    const url = await start('wsgi', { workers: 2 });
    const client = await RawClient.to(url);
    client.send('GET /hang HTTP/1.1\r\nHost: h\r\n\r\n');
    await until(async () => (await servers[0]!.stats()).inFlight === 1);
    const answers = await Promise.all(Array.from({ length: 50 }, () => text(url)));
    expect(new Set(answers).size).toBe(1);
    client.close();
  });

  test('that hangs is answered for with 503 when its time is over, and its process replaced', async () => {
    const url = await start('wsgi', { workers: 1, limits: { handlerTime: 1000 } });
    const before = await text(url);
    const written = await stderrOf(async () => {
      expect((await fetch(`${url}/hang`)).status).toBe(503);
      await until(async () => (await fetch(url)).status === 200);
    });
    expect(written).toContain('has a request that does not end; another is started');
    expect(await text(url)).not.toBe(before);
  });

  test('that hangs when its client left is given up as well', async () => {
    const url = await start('wsgi', { workers: 1, limits: { handlerTime: 1000 } });
    const before = await text(url);
    await stderrOf(async () => {
      const client = await RawClient.to(url);
      client.send('GET /hang HTTP/1.1\r\nHost: h\r\n\r\n');
      await until(async () => (await servers[0]!.stats()).inFlight === 1);
      client.close();
      await until(async () => {
        const response = await fetch(url);
        return response.status === 200 && (await response.text()) !== before;
      });
    });
  });

  test('that hangs in one thread lets the others of its process end', async () => {
    const url = await start('wsgi', { workers: 1, threads: 2, drain: 30_000, limits: { handlerTime: 1500 } });
    await stderrOf(async () => {
      const hung = fetch(`${url}/hang`);
      await until(async () => (await servers[0]!.stats()).inFlight === 1);
      const half = await fetch(`${url}/half`);
      expect((await hung).status).toBe(503);
      await until(async () => (await servers[0]!.stats()).workers!.leaving === 1);
      // Its other thread still answers this one, and it is killed only then.
      const reader = half.body!.getReader();
      expect((await reader.read()).done).toBe(false);
      await reader.cancel();
      await until(async () => (await servers[0]!.stats()).workers!.leaving === 0);
    });
  });

  test('has as many requests at once as it has threads', async () => {
    const url = await start('wsgi', { workers: 1, threads: 3 });
    const pids = await Promise.all(Array.from({ length: 3 }, () => text(`${url}/barrier`)));
    expect(new Set(pids).size).toBe(1);
  });

  test('with more to do than it can is answered in full', async () => {
    const url = await start('wsgi', { workers: 2, threads: 2 });
    const paths = ['/', '/slow', '/pieces', '/closing'];
    const answers = await Promise.all(
      Array.from({ length: 80 }, async (_, n) => (await fetch(url + paths[n % 4]!)).arrayBuffer()),
    );
    for (const [n, answer] of answers.entries())
      if (n % 4 === 2) expect(answer.byteLength).toBe(5_000_000);
      else expect(answer.byteLength).toBeLessThan(10);
  });
});

describe.skipIf(!found)('an ASGI application', () => {
  test('that blocks its loop for too long is killed and replaced', async () => {
    const url = await start('asgi', { workers: 1, silence: 2000 });
    const before = await text(url);
    const written = await stderrOf(async () => {
      expect((await fetch(`${url}/blocks`)).status).toBe(500);
      expect(await text(url)).not.toBe(before);
    });
    expect(written).toMatch(/Python worker \d+ has been silent for [\d.]+ s; it is killed/);
  });

  test('whose request takes too long has it cancelled, and serves on', async () => {
    const url = await start('asgi', { workers: 1, limits: { handlerTime: 1000 } });
    const before = await text(url);
    expect((await fetch(`${url}/hang`)).status).toBe(503);
    await until(async () => (await text(`${url}/closed`)) === '1');
    expect(await text(url)).toBe(before);
  });

  test('whose answer is all there may say so later', async () => {
    const url = await start('asgi', { workers: 1 });
    const response = await fetch(`${url}/announced`);
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['3', 'all']);
    await until(async () => (await text(`${url}/closed`)) === '1');
  });
});
