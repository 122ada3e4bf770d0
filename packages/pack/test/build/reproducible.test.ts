import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { bytesSource, packFacts } from '@whetstone/pack';
import { expect, test } from 'vitest';
import { writeFiles } from '../collect/node-project.ts';
import { temporaryFolder } from '../small-pack.ts';

const files = {
  'pack.json': { entry: 'src/main.ts', files: ['src', 'data'] },
  'package.json': { name: 'app', version: '1.0.0', type: 'module', dependencies: { a: '1' } },
  'src/main.ts': "import a from 'a'; enum E { A = 1 } console.log(a, E.A);",
  'src/z.ts': 'export {};',
  'data/text': 'text '.repeat(50_000),
  'data/run': '#!/bin/sh\n',
  'node_modules/a/package.json': { name: 'a', version: '1.0.0', type: 'module', exports: './i.js' },
  'node_modules/a/i.js': 'export default 1;',
};

/** Further Nodes that this machine has, as CONTRIBUTING.md says. */
const nodes = [process.execPath, ...(process.env['WHETSTONE_TEST_NODES'] ?? '').split(':').filter(Boolean)];
const library = path.resolve(import.meta.dirname, '../../dist/index.js');

/** Builds in a process of its own: umask, time zone and Node are of a process. */
function build(
  node: string,
  files: Readonly<Record<string, string | object>>,
  umask: string,
  zone: string,
  day: number,
): Buffer {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  chmodSync(path.join(folder, 'data/run'), umask === '077' ? 0o700 : 0o755);
  utimesSync(path.join(folder, 'data/text'), day, day);
  const out = path.join(folder, 'out.wpk');
  const code = `import(${JSON.stringify(library)}).then(({ buildPack }) => buildPack('.', { out: 'out.wpk' }))`;
  execFileSync('/bin/sh', ['-c', `umask ${umask}; exec "$0" -e "$1"`, node, code], {
    cwd: folder,
    env: { PATH: process.env['PATH'], TZ: zone, HOME: folder },
    stdio: 'pipe',
  });
  return readFileSync(out);
}

test('the same project is the same bytes in another folder, with another umask, time zone, day and Node', () => {
  const first = build(nodes[0]!, files, '022', 'UTC', 1e9);
  const reversed = Object.fromEntries(Object.entries(files).toReversed());
  for (const node of nodes) {
    const again = build(node, reversed, '077', 'Asia/Tokyo', 1.5e9);
    expect(packFacts(bytesSource(again)), node).toEqual(packFacts(bytesSource(first)));
    expect(again.equals(first), node).toBe(true);
  }
});
