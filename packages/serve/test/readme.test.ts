import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { connect } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const packages = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const missing = ['openssl', 'curl', 'tar', 'npm'].filter((name) => spawnSync(name, ['--version']).error);
if (missing.length > 0)
  process.stderr.write(`readme.test.ts is skipped: there is no ${missing.join(', ')}.\n`);

let folder: string;
let server: ChildProcess | null = null;

/** The blocks of code of a language, in order. */
const blocks = (text: string, language: string) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, code]) => code!);

const shell = (script: string) =>
  execFileSync('sh', ['-ec', script], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// An empty folder, with what `npm pack` makes of us and not with the checkout; what we depend on is the same either way.
beforeAll(() => {
  if (missing.length > 0) return;
  folder = mkdtempSync(path.join(tmpdir(), 'serve-readme-'));
  const modules = path.join(folder, 'node_modules');
  for (const name of ['retry', 'serve']) {
    const place = path.join(modules, '@whetstone', name);
    mkdirSync(place, { recursive: true });
    execFileSync('npm', ['pack', '--pack-destination', folder], {
      cwd: path.join(packages, name),
      stdio: 'pipe',
    });
    const [packed] = readdirSync(folder).filter((file) => file.startsWith(`whetstone-${name}-`));
    execFileSync('tar', ['-xzf', packed!, '-C', place, '--strip-components=1'], { cwd: folder });
    const { dependencies = {} } = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8')) as {
      dependencies?: Record<string, string>;
    };
    for (const dependency of Object.keys(dependencies).filter((one) => !one.startsWith('@whetstone/'))) {
      const [found] = [path.join(packages, name), path.dirname(packages)]
        .map((from) => path.join(from, 'node_modules', dependency))
        .filter((there) => existsSync(there));
      symlinkSync(found!, path.join(modules, dependency));
    }
  }
});
afterEach(async () => {
  if (server && server.exitCode === null && server.signalCode === null) {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
});
afterAll(() => {
  if (missing.length === 0) rmSync(folder, { recursive: true });
});

async function started(script: string, env: Record<string, string> = {}): Promise<URL> {
  server = spawn(process.execPath, [script], {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const piece of server.stdout!) return new URL(String(piece).trim());
  throw new Error(`${script} says no address`);
}

test.skipIf(missing.length > 0)('the first example of the README answers', async () => {
  const [hello] = blocks(readme, 'js');
  writeFileSync(path.join(folder, 'hello.mjs'), hello!.replace('serve({', 'serve({ port: 0,'));
  const url = await started('hello.mjs');
  expect(await (await fetch(new URL('/you', url))).text()).toBe('hello from /you\n');
});

test.skipIf(missing.length > 0)(
  'the ten minutes of the README lead to a server on all cores behind TLS',
  async () => {
    const section = readme.slice(
      readme.indexOf('## Ten minutes'),
      readme.indexOf('## From the command line'),
    );
    const [source] = blocks(section, 'js');
    const [, certificate, start, asks] = blocks(section, 'sh');
    shell(certificate!);
    writeFileSync(path.join(folder, 'server.mjs'), source!);
    expect(start).toContain('\nnode server.mjs\n');
    shell(start!.replace('node server.mjs', ''));
    const { port } = await started('server.mjs', { PORT: '0' });
    const child = server!;
    const ask = (commands: string) =>
      shell(commands.replaceAll('localhost:8443', `localhost:${port}`).replaceAll('curl ', 'curl -sS '));

    const [page, user, sum, metrics] = asks!.trim().split('\n').map(ask);
    expect([page, user, sum]).toEqual(['<h1>hello</h1>\n', '{"id":"7"}', '6']);
    expect(metrics).toContain(`serve_workers ${availableParallelism()}\n`);
    const log = () => readFileSync(path.join(folder, 'access.log'), 'utf8');
    while (!log().includes('"target":"/user/7"')) await new Promise((resolve) => setTimeout(resolve, 20));

    // A certificate that is renewed, and code that changed, are there after SIGHUP.
    const serial = async () => {
      const socket = connect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
      await once(socket, 'secureConnect');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const before = await serial();
    shell(certificate!);
    writeFileSync(
      path.join(folder, 'server.mjs'),
      source!.replace('{ id: params.id }', '{ user: params.id }'),
    );
    child.kill('SIGHUP');
    while ((await serial()) === before) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ask('curl --cacert cert.pem https://localhost:8443/user/7')).toBe('{"user":"7"}');

    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  },
);
