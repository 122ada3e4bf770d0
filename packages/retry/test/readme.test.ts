import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';

const readme = readFileSync(
  path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'README.md'),
  'utf8',
);
const examples = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);

test('has examples', () => {
  expect(examples.length).toBeGreaterThan(8);
});

// What an example prints stands beside the line that prints it: `console.log(…); // → text`.
test.each(examples.map((code) => [code.split('\n').find((line) => !line.startsWith('import')), code]))(
  '%s',
  async (_, code) => {
    const expected = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text);
    const folder = mkdtempSync(path.join(tmpdir(), 'readme-'));
    try {
      const file = path.join(folder, 'example.mjs');
      writeFileSync(file, await bundled(code, { minify: false }));
      const output = execFileSync(process.execPath, [file], { encoding: 'utf8' });
      expect(output.trimEnd().split('\n')).toEqual(expected);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
