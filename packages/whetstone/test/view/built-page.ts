import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** Builds the page as it is now into a folder of its own, which the test removes. */
export async function builtPage(): Promise<string> {
  const outDir = mkdtempSync(path.join(tmpdir(), 'whetstone-page-'));
  const root = fileURLToPath(new URL('../../../viewer', import.meta.url));
  await build({ root, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  return outDir;
}
