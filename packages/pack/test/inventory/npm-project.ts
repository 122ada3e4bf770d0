import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';

/** Runs a program in a folder and gives back what it printed. */
export async function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(command, args, { cwd: folder });
  return stdout;
}

/** Writes files, and the folders they stand in. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
}

/** Packs a package with npm; returns the tarball's name. */
export async function npmTarball(
  folder: string,
  manifest: Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string },
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const source = path.join(folder, `${manifest.name.replace('/', '-')}-source`);
  writeFiles(source, { 'package.json': JSON.stringify(manifest), ...files });
  const cache = `--cache=${path.join(folder, 'cache')}`;
  const name = await run(
    source,
    'npm',
    'pack',
    '--silent',
    '--ignore-scripts',
    cache,
    '--pack-destination',
    folder,
  );
  return name.trim();
}

/** Serves tarballs as a registry; returns its address. Only what a package manager asks for is there. */
export async function npmRegistry(tarballs: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const [, name = '', file] = (request.url ?? '').split('/');
    const tarball = tarballs[decodeURIComponent(name)];
    if (tarball === undefined) {
      response.writeHead(404).end();
      return;
    }
    const bytes = readFileSync(tarball);
    if (file !== undefined) {
      response.end(bytes);
      return;
    }
    const [, version = ''] = /-(\d[^/]*)\.tgz$/.exec(tarball) ?? [];
    const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
    const { port } = server.address() as AddressInfo;
    const dist = { tarball: `http://127.0.0.1:${port}/${name}/it.tgz`, integrity };
    response.end(
      JSON.stringify({
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { name, version, dist } },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** A git repository with all of a folder in its index. */
export async function gitAdd(folder: string): Promise<void> {
  await run(folder, 'git', 'init', '-q');
  await run(folder, 'git', 'add', '.');
}
