import { sourceMapOf, type RawRecord } from '@whetstone/record/assembling';
import { build, transform } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { figures, profileOf, rawOf, selfTimes } from './raw-of.ts';

const source = `interface Point { x: number }

enum Kind { a, b }

export function lengthOf(point: Point): number {
  const squared = point.x * point.x;
  return Math.sqrt(squared) + Kind.b;
}
`;

/** Line and column of the parenthesis of a function, as V8 gives them. */
function placeOf(text: string, name: string) {
  const before = text.slice(0, text.indexOf('(', text.indexOf(`function ${name}`))).split('\n');
  return `${before.length}:${before.at(-1)?.length}`;
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length;

describe('source maps', () => {
  test('lead from a file beside the generated one to functions and lines of the source', async () => {
    const { code, map } = await transform(source, {
      loader: 'ts',
      sourcemap: 'external',
      sourcefile: '../src/a.ts',
    });
    const files = {
      '/app/dist/a.js': `${code}//# sourceMappingURL=a.js.map\n`,
      '/app/dist/a.js.map': map,
      '/app/src/a.ts': source,
    };
    const stack = `lengthOf /app/dist/a.js:${placeOf(code, 'lengthOf')}`;
    const profile = profileOf(
      rawOf({ version: 'v26.0.0', stacks: { [stack]: [lineOf(code, 'Math.sqrt')] } }),
      files,
    );
    expect(selfTimes(profile)).toEqual({ 'lengthOf /app/src/a.ts:7': 1 });
    expect(
      profile.functions.line[
        profile.strings.indexOf('lengthOf') >= 0
          ? profile.functions.name.indexOf(profile.strings.indexOf('lengthOf'))
          : -1
      ],
    ).toBe(5);
    expect(profile.sources).toHaveLength(1);
    expect(profile.sources[0]?.text).toBe(source);
  });

  test('are read inline, with the source that they bring along', async () => {
    const { code } = await transform(source, { loader: 'ts', sourcemap: 'inline', sourcefile: 'gone.ts' });
    const stack = `lengthOf /app/a.js:${placeOf(code, 'lengthOf')}`;
    const raw = rawOf({ version: 'v26.0.0', stacks: { [stack]: [lineOf(code, 'squared =')] } });
    const profile = profileOf(raw, { '/app/a.js': code });
    expect(selfTimes(profile)).toEqual({ 'lengthOf /app/gone.ts:6': 1 });
    expect(profile.sources[0]?.text).toBe(source);
  });

  test('tell the written names of minified functions, and no line where many stand on one', async () => {
    const long = `${source}${'export const padding = [' + '"0123456789",'.repeat(120) + '];'}\nexport function other(point: Point): number {\n  const twice = lengthOf(point);\n  return twice * twice;\n}\n`;
    const bundle = await build({
      stdin: { contents: long, loader: 'ts', sourcefile: 'src/a.ts', resolveDir: '/' },
      bundle: true,
      minify: true,
      format: 'iife',
      globalName: 'all',
      sourcemap: 'inline',
      write: false,
      outfile: '/app/out.js',
    });
    const code = bundle.outputFiles[0]?.text as string;
    const minified = /function (\w+)\(\w+\)\{let \w+=(\w+)\(/.exec(code) as RegExpExecArray;
    const at = code.indexOf('(', minified.index);
    const stack = `${minified[1]} /app/out.js:1:${at}`;
    const times = selfTimes(
      profileOf(rawOf({ version: 'v26.0.0', stacks: { [stack]: [1] } }), { '/app/out.js': code }),
    );
    expect(Object.keys(times)[0]).toMatch(/^other .*src\/a\.ts:0$/);
  });

  test('are not asked for frames that the engine gives no line', async () => {
    const { code } = await transform(source, { loader: 'ts', sourcemap: 'inline', sourcefile: 'a.ts' });
    const raw = rawOf({ stacks: { 'lengthOf /app/a.js:0:0': [0] } });
    expect(selfTimes(profileOf(raw, { '/app/a.js': code }))).toEqual({ 'lengthOf :0': 1 });
  });

  test('put counts at the lines of the source', async () => {
    const { code } = await transform(source, { loader: 'ts', sourcemap: 'inline', sourcefile: 'a.ts' });
    const start = code.indexOf('function lengthOf');
    const functions = [
      {
        functionName: 'lengthOf',
        ranges: [{ startOffset: start, endOffset: code.indexOf('\n}', start) + 2, count: 7 }],
      },
    ];
    const records: RawRecord[] = [
      { type: 'counts', scripts: [{ url: '/app/a.js', scriptId: '1', functions }] },
    ];
    const profile = profileOf(rawOf({ stacks: {} }), { '/app/a.js': code }, rawOf({ stacks: {}, records }));
    expect(figures(profile, 'calls')).toEqual({ 'lengthOf /app/a.ts:0': 7 });
    expect(figures(profile, 'hits')).toEqual({
      'lengthOf /app/a.ts:5': 7,
      'lengthOf /app/a.ts:6': 7,
      'lengthOf /app/a.ts:7': 7,
    });
  });

  test('of sources that are gone, broken maps and missing maps leave the generated place', async () => {
    const { map } = await transform(source, {
      loader: 'ts',
      sourcemap: 'external',
      sourcefile: 'a.ts',
      sourcesContent: false,
    });
    const text = 'f();\n//# sourceMappingURL=a.js.map';
    const read = (json: string | null) =>
      sourceMapOf(text, '/app/a.js', (path) => (path === '/app/a.js.map' ? json : null));
    expect(read(map)?.place(1, 0) ?? null).toBeNull();
    expect(read('{"version":3,')).toBeNull();
    expect(read(null)).toBeNull();
    expect(sourceMapOf('const a = "sourceMappingURL=b.map";', '/app/a.js', () => null)).toBeNull();
  });

  test('with sections lead to the source of each', () => {
    const section = (line: number, file: string) => ({
      offset: { line, column: 0 },
      map: { version: 3, sources: [file], sourcesContent: ['a\nb\n'], names: [], mappings: 'AAAA;AACA' },
    });
    const json = JSON.stringify({ version: 3, sections: [section(0, 'a.ts'), section(10, 'b.ts')] });
    const map = sourceMapOf('f();\n//# sourceMappingURL=x.map', '/app/x.js', () => json);
    expect(map?.place(12, 0)).toEqual({ file: '/app/b.ts', line: 2, column: 0, name: null });
  });
});
