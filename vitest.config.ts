import { transform } from 'esbuild';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [
    {
      // Vite's own transformer leaves standard decorators alone, and no supported Node runs them.
      name: 'lower-decorators',
      enforce: 'pre',
      async transform(code, id) {
        if (!/\.[mc]?ts$/.test(id) || !/^\s*@\w/m.test(code)) return null;
        const { code: lowered, map } = await transform(code, {
          loader: 'ts',
          target: 'es2022',
          sourcefile: id,
          sourcemap: true,
        });
        return { code: lowered, map };
      },
    },
  ],
  ssr: { resolve: { conditions: ['@whetstone/source', 'node', 'import', 'default'] } },
  test: {
    include: [
      'packages/*/test/**/*.test.{ts,tsx}',
      'bench/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Real programs on a loaded machine: one more try, of which the closing line tells.
    retry: 1,
    // Two cores are the usual case, and the end-to-end tests start programs of their own.
    maxWorkers: 2,
  },
});
