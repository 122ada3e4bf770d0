import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { command, project, started, whetstone } from './command.ts';

const escape = '\u001b]2;owned\u0007\u001b[2J\u202e';

test('names that would act on a terminal are printed as text', async () => {
  const name = `a${escape}b.js`;
  const folder = project({
    [name]: `const o = { [${JSON.stringify(`f${escape}`)}]: () => { const until = Date.now() + 200; let x = 0; while (Date.now() < until) x += Math.sqrt(x + 1); /* ${escape} */ } };
      for (const f of Object.values(o)) f(); Object.defineProperty(process, 'title', { value: 'x' });
      setTimeout(() => {}, 60);`,
  });
  const ended = [
    await whetstone(['run', '--counts', '--callers', escape, '--lines', `f${escape}`, name, escape], {
      cwd: folder,
    }),
    await whetstone(['explain'], { cwd: folder }),
    await whetstone(['history'], { cwd: folder }),
    await whetstone(['run', escape], { cwd: folder }),
    await whetstone([escape], { cwd: folder }),
    await whetstone(['view', escape], { cwd: folder }),
    await whetstone(['run', '--sort', escape, name], { cwd: folder }),
  ];
  for (const { stdout, stderr } of ended) {
    // eslint-disable-next-line no-control-regex -- these are what must not be there
    expect(`${stdout}${stderr}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
  expect(ended[0]!.stderr).toContain('\\x1b');
});

test('damaged, hostile and huge files are refused in one line', async () => {
  const folder = project({
    'app.js': `const until = Date.now() + 100; while (Date.now() < until);`,
    'empty.whet': '',
    'text.whet': 'hello',
    'empty.cpuprofile': '',
    'null.cpuprofile': 'null',
    'array.cpuprofile': '[]',
    'wrong.cpuprofile':
      '{"nodes":[{"id":1,"callFrame":{"functionName":"a","scriptId":"1","url":"","lineNumber":0,"columnNumber":0},"children":[1]}],"startTime":0,"endTime":1,"samples":[1],"timeDeltas":[1]}',
    'deep.cpuprofile': `${'['.repeat(100_000)}`,
  });
  await whetstone(['run', '-q', 'app.js'], { cwd: folder });
  const whole = readFileSync(path.join(folder, '.whetstone/app-1.whet'));
  writeFileSync(path.join(folder, 'half.whet'), whole.subarray(0, whole.length >> 1));
  const changed = Buffer.from(whole);
  changed.fill(0xff, whole.length >> 1, (whole.length >> 1) + 40);
  writeFileSync(path.join(folder, 'changed.whet'), changed);
  copyFileSync(path.join(folder, 'half.whet'), path.join(folder, '.whetstone/half-9.whet'));
  for (const file of [
    'empty.whet',
    'text.whet',
    'half.whet',
    'changed.whet',
    'empty.cpuprofile',
    'null.cpuprofile',
    'array.cpuprofile',
    'wrong.cpuprofile',
    'deep.cpuprofile',
  ]) {
    for (const args of [
      ['convert', file, '--to', 'collapsed', '-o', 'out'],
      ['explain', file],
    ]) {
      const { stdout, stderr, code } = await whetstone(args, { cwd: folder });
      expect({ stdout, code }, `${args[0]} ${file}`).toEqual({ stdout: '', code: 1 });
      expect(stderr, file).toMatch(/^whetstone: .*\n$/);
    }
  }
  const history = await whetstone(['history'], { cwd: folder });
  expect(history).toMatchObject({ code: 0, stderr: '' });
  expect(history.stdout.split('\n')).toHaveLength(3);
});

test('the page is served to whoever has the token, and Ctrl-C frees the port', async () => {
  const folder = project({
    'app.js': `const until = Date.now() + 100; while (Date.now() < until);`,
    'secret.txt': 'secret',
  });
  await whetstone(['run', '-q', 'app.js'], { cwd: folder });
  const server = started(process.execPath, [command, 'view', '--no-open'], { cwd: folder });
  onTestFinished(() => void server.child.kill('SIGKILL'));
  await server.prints('Ctrl-C ends.');
  const url = new URL(/http:\S+/.exec(server.printed.stdout)![0]);
  const get = (line: string, ...headers: string[]) => rawRequest(Number(url.port), line, headers);
  const host = `Host: ${url.host}`;
  const token = url.search;
  expect(await get(`GET /${token}`, host)).toMatch(/^HTTP\/1.1 200 /);
  for (const refused of [
    await get('GET /', host),
    await get(`GET /?token=${'A'.repeat(43)}`, host),
    await get(`GET /${token}`, 'Host: evil.example'),
    await get(`GET /${token}`, host, 'Origin: http://evil.example'),
    await get(`POST /${token}`, host),
    await get(`GET /../../../../etc/passwd${token}`, host),
    await get(
      `GET /source?file=${encodeURIComponent(path.join(folder, 'secret.txt'))}&${token.slice(1)}`,
      host,
    ),
    await get(`GET http://evil.example/${token}`, host),
  ]) {
    expect(refused).toMatch(/^HTTP\/1.1 403 /);
    expect(refused).not.toContain('secret\n');
  }
  server.child.kill('SIGINT');
  expect((await server.ended).code).toBe(0);
  await expect(get('GET /', host)).rejects.toThrow('ECONNREFUSED');
});

/** A request as no browser would send it. */
async function rawRequest(port: number, line: string, headers: readonly string[]): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    connect(port, '127.0.0.1')
      .on('error', reject)
      .on('data', (chunk) => {
        text += chunk.toString('latin1');
      })
      .on('close', () => resolve(text))
      .write([`${line} HTTP/1.1`, ...headers, 'Connection: close', '', ''].join('\r\n'));
  });
}
