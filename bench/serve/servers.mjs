// The servers that are compared, each serving the same three answers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export const PORT = Number(process.env.PORT ?? 18_080);
export const programs = path.join(import.meta.dirname, 'programs');
const cache = path.resolve(import.meta.dirname, '../.cache/serve');

/** What each path is answered with, where the header `X-Agent` says `wrk`. */
export const expected = {
  '/': 'hello',
  '/json': '{"message":"hello","number":42}',
  '/user/42?name=whetstone': '{"id":"42","name":"whetstone","agent":"wrk"}',
};

/**
 * By name, what starts each server on so many cores: `[file, args, environment, 'each']`, where `each` means a process for
 * each core. What cannot be had is named on stderr, and left out.
 */
export function candidates() {
  const node =
    (file, ...more) =>
    (cores) => [process.execPath, [path.join(programs, file), String(PORT), String(cores), ...more]];
  const list = {
    'whetstone (native)': node('ours.mjs', 'native'),
    'whetstone (typescript)': node('ours.mjs', 'typescript'),
    'node:http': node('node-http.mjs'),
    Fastify: node('fastify.mjs'),
    Hono: node('hono.mjs'),
  };
  if (!existsSync(nativeFile)) {
    delete list['whetstone (native)'];
    process.stderr.write('whetstone (native) is left out: it is not built here, npm run build tells why.\n');
  }
  for (const [name, file] of [
    ['Go net/http', 'nethttp.go'],
    ['Go fasthttp', 'fasthttp.go'],
  ]) {
    const binary = goProgram(file);
    if (binary) list[name] = (cores) => [binary, [String(PORT)], { GOMAXPROCS: String(cores) }];
    else
      process.stderr.write(
        `${name} is left out: apt-get install golang-go golang-github-valyala-fasthttp-dev\n`,
      );
  }
  const bun = bunProgram();
  // One process of Bun is one core; two listen on the same port.
  if (bun) list.Bun = () => [bun, [path.join(programs, 'bun.mjs'), String(PORT)], {}, 'each'];
  else process.stderr.write('Bun is left out: npm has it not for this system.\n');
  return list;
}

const nativeFile = path.resolve(
  import.meta.dirname,
  `../../packages/serve/dist/native/${process.platform}-${process.arch}.node`,
);

function goProgram(file) {
  const binary = path.join(cache, path.basename(file, '.go'));
  mkdirSync(cache, { recursive: true });
  // Debian's libraries for Go lie in a path of the old kind.
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOFLAGS: '',
    GOCACHE: path.join(cache, 'go'),
  };
  const { status } = spawnSync('go', ['build', '-o', binary, path.join(programs, file)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return status === 0 ? binary : null;
}

function bunProgram() {
  const name = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`;
  const file = path.join(cache, 'node_modules', name, 'bin', 'bun');
  if (!existsSync(file)) {
    mkdirSync(cache, { recursive: true });
    spawnSync(
      'npm',
      ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', cache, name],
      { stdio: 'ignore' },
    );
  }
  return existsSync(file) && spawnSync(file, ['--version']).status === 0 ? file : null;
}
