import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';
import { expect, test } from 'vitest';

const packageRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const readme = readFileSync(path.join(packageRoot, 'README.md'), 'utf8');
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

/** Runs an example in a folder of its own, against the sources. */
async function outputOf(code: string, files: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'readme-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    }
    await build({
      stdin: { contents: code, resolveDir: packageRoot, loader: 'ts' },
      bundle: true,
      outfile: path.join(folder, 'example.mjs'),
      format: 'esm',
      platform: 'node',
      target: 'es2022',
      conditions: ['@whetstone/source'],
    });
    return execFileSync(process.execPath, ['example.mjs'], { cwd: folder, encoding: 'utf8' })
      .trimEnd()
      .split('\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

// What the example prints stands beside the line that prints it: `console.log(…); // → text`.
test('the example prints what it says', async () => {
  const [example] = examples;
  const expected = [...example!.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
  expect(expected).toHaveLength(5);
  expect(await outputOf(example!)).toEqual(expected);
});

test('the example of discovery finds a plugin', async () => {
  const [, example] = examples;
  const output = await outputOf(example!, {
    'package.json': '{"dependencies":{"nice":"*"}}',
    'node_modules/nice/package.json': '{"keywords":["my-program-plugin"]}',
    'node_modules/nice/index.js': 'exports.name = "nice";',
  });
  expect(output).toEqual([expect.stringMatching(/^nice from .*node_modules\/nice\/index\.js$/)]);
});
