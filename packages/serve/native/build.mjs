// Compiles the native core with the compiler of this machine and nothing from the network: one binary for Node 20 and later.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const sources = ['request-parser.cc', 'chunk-parser.cc', 'core.cc', 'addon.cc'];

/** What `build` makes, for this system and processor. */
export const binary = path.resolve(
  import.meta.dirname,
  `../dist/native/${process.platform}-${process.arch}.node`,
);

/** Whether what was compiled last is younger than every source, and than this script. */
export function isBuilt() {
  const folder = path.join(import.meta.dirname, 'src');
  const files = readdirSync(folder).map((name) => path.join(folder, name));
  const time = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time(binary) > Math.max(...[...files, import.meta.filename].map(time));
}

/**
 * Compiles the core to {@link binary}; takes a few seconds.
 *
 * Returns `{ file }`, or `{ error }` with a sentence that says what is missing: it never throws, so that no
 * installation fails by it. Another process may use the file meanwhile.
 */
export function build() {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { error: `the native engine is for Linux on x64; this is ${process.platform} on ${process.arch}` };
  let headers;
  try {
    headers = createRequire(import.meta.url)('node-api-headers').include_dir;
  } catch {
    return { error: 'the package node-api-headers is not installed' };
  }
  const compiler = [process.env.CXX, 'g++', 'clang++', 'c++'].find(
    (name) => name && spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
  );
  if (!compiler) return { error: 'there is no C++ compiler: install g++ or clang++' };
  const unfinished = `${binary}.${process.pid}`;
  try {
    mkdirSync(path.dirname(binary), { recursive: true });
    const files = sources.map((name) => path.join(import.meta.dirname, 'src', name));
    const { status, stderr } = spawnSync(compiler, [...flags(headers), ...files, '-o', unfinished], {
      encoding: 'utf8',
    });
    if (status !== 0) return { error: `${compiler} failed:\n${stderr.trim()}` };
    // A process that has the old one loaded keeps it.
    renameSync(unfinished, binary);
    return { file: binary };
  } catch (error) {
    return { error: String(error) };
  } finally {
    rmSync(unfinished, { force: true });
  }
}

function flags(headers) {
  const language = '-std=c++17 -O2 -fno-exceptions -fno-rtti -fvisibility=hidden';
  const safety = '-fstack-protector-strong -D_FORTIFY_SOURCE=2 -Wl,-z,relro,-z,now';
  const kind = '-fPIC -shared -s -Wl,--as-needed';
  return [
    ...`${language} ${safety} ${kind}`.split(' '),
    '-isystem',
    headers,
    '-isystem',
    path.join(import.meta.dirname, 'vendor', 'libuv'),
  ];
}

if (process.argv[1] === import.meta.filename) {
  const { file, error } = build();
  process.stdout.write(`${file ?? error}\n`);
  process.exitCode = file ? 0 : 1;
}
