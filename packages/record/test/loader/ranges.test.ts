import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { nodes, Program } from './run-plain-and-loaded.ts';

const majorOf = (node: string): number =>
  Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]']).toString());

test('gives every file lines that no other has, where the engine needs it', async () => {
  for (const node of nodes()) {
    const program = new Program({
      'main.cjs': `require('./a');\nrequire('./b');\nimport('./c.mjs');`,
      'a.js': '\n\nexports.a = 1;',
      'b.js': 'exports.b = 1;',
      'c.mjs': `import './d.mjs';\n`,
      'd.mjs': `import './e.mts';`,
      'e.mts': `const x: number = 1;\nexport { x };`,
    });
    expect((await program.loaded(node, ['main.cjs'])).stderr).toBe('');
    const scripts = program.records().filter(({ type }) => type === 'script');
    const ranges = scripts
      .map(({ base, lines }) => ({ first: Number(base) + 1, last: Number(base) + Number(lines) }))
      .toSorted((a, b) => a.first - b.first);
    if (majorOf(node) < 25) {
      expect(ranges).toHaveLength(6);
      for (const [i, { first }] of ranges.entries())
        expect(first).toBeGreaterThan(ranges[i - 1]?.last ?? 8192);
    } else {
      expect(scripts).toMatchObject([
        { base: 0, map: 'same-positions', file: expect.stringMatching(/e\.mts$/) as string },
      ]);
    }
    expect(program.records().filter(({ code }) => code === 'first-line')).toHaveLength(1);
    program.remove();
  }
});

test('leaves lines alone, and says so, where the program has Node show them', async () => {
  for (const node of nodes()) {
    if (majorOf(node) >= 25) continue;
    const program = new Program({ 'main.cjs': 'console.log(1)' });
    await program.loaded(node, ['--enable-source-maps', 'main.cjs']);
    expect(program.records().map(({ type, code }) => ({ type, code }))).toEqual([
      { type: 'note', code: 'no-ranges' },
      { type: 'note', code: 'first-line' },
    ]);
    program.remove();
  }
});

test('says that a file keeps its lines because it throws what is no error', async () => {
  for (const node of nodes()) {
    if (majorOf(node) >= 25) continue;
    const program = new Program({
      'main.cjs': `require('./a');\nimport('./b.mjs');`,
      'a.js': `exports.fail = () => { throw 'text' };`,
      'b.mjs': `export const fail = () => { throw { code: 1 } };`,
    });
    expect((await program.loaded(node, ['main.cjs'])).stderr).toBe('');
    const codes = program.records().flatMap(({ type, code }) => (type === 'note' ? [code] : []));
    expect(new Set(codes)).toEqual(new Set(['first-line', 'ranges-partial']));
    program.remove();
  }
});
