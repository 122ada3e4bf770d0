import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const packageRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Code that imports this package, as one minified module. */
export async function bundled(
  contents: string,
  options: { minify?: boolean; format?: 'esm' | 'iife' } = {},
): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: packageRoot, loader: 'ts' },
    bundle: true,
    write: false,
    minify: options.minify ?? true,
    format: options.format ?? 'esm',
    platform: 'neutral',
    target: 'es2022',
    conditions: ['@whetstone/source'],
  });
  return outputFiles[0]!.text;
}
