import { expect, test } from 'vitest';
import { nodes, project, reportIn, whetstone } from './command.ts';

const run = ['run', '--quiet', '--no-save', '--json', 'report.json'];
const spin = `function spin(milliseconds) {
  const until = Date.now() + milliseconds;
  let x = 0;
  while (Date.now() < until) x += Math.sqrt(x + 1);
}
`;

test('names and paths that JSON and URLs have signs for are those of the program', async () => {
  const file = 'we"ird\\ é#%41?.js';
  const folder = project({
    [file]: `${spin}const named = { 'a"b\\\\c\\nd é'() { spin(400); }, '","url":"x'() { spin(400); } };
for (const name in named) named[name]();
`,
  });
  for (const node of nodes) {
    await whetstone([...run, '--runtime', node, file], { cwd: folder });
    const { functions, lines } = reportIn(folder);
    expect(functions.find((row) => row.function === 'spin')).toMatchObject({ file, line: 1 });
    const names = functions.filter((row) => row.file === file).map((row) => row.function);
    expect(names).toEqual(expect.arrayContaining(['a"b\\c\nd é', '","url":"x']));
    expect(lines.find((row) => row.file === file && row.line === 4)?.text).toContain('while (Date.now()');
  }
});

test('a loop that goes on keeps its name when the interval changes', async () => {
  const folder = project({
    'app.js': `let x = 0;
const until = Date.now() + 2500;
while (Date.now() < until) {
  for (let i = 0; i < 1e5; i++) x += i % 7;
}
`,
  });
  for (const node of nodes) {
    await whetstone([...run, '--runtime', node, 'app.js'], { cwd: folder });
    const { about, functions } = reportIn(folder);
    expect([1000, 2000, 4000, 8000]).toContain(about.samples.interval);
    // More than the longest interval gives.
    expect(about.samples.taken).toBeGreaterThan(2500 / 8 + 50);
    expect(functions[0]).toMatchObject({ file: 'app.js', line: 1 });
  }
});

test('an interval that was asked for holds from the first sample to the last', async () => {
  const folder = project({ 'app.js': `${spin}spin(1500);` });
  for (const node of nodes) {
    await whetstone([...run, '--interval', '20ms', '--runtime', node, 'app.js'], { cwd: folder });
    const { about } = reportIn(folder);
    expect(about.samples.interval).toBe(20_000);
    expect(about.samples.taken).toBeLessThan(200);
  }
});

test("a program's own profile is taken beside ours", async () => {
  const folder = project({
    'app.js': `${spin}const v8 = require('node:v8');
const { Session } = require('node:inspector');
const handle = v8.startCpuProfile?.();
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
spin(400);
session.post('Profiler.stop', (error, { profile }) => told(profile));
if (handle !== undefined) told(JSON.parse(handle.stop()));
spin(1200);
function told(profile) {
  console.log(profile.nodes.some(({ callFrame }) => callFrame.functionName === 'spin'));
}
`,
  });
  for (const node of nodes) {
    const { stdout } = await whetstone([...run, '--runtime', node, 'app.js'], { cwd: folder });
    expect(stdout).toMatch(/^(true\n){1,2}$/);
    expect(reportIn(folder).functions[0]).toMatchObject({ function: 'spin', file: 'app.js' });
  }
});

test('what names waits is no code of the program', async () => {
  const folder = project({
    'app.mjs': `import { promises } from 'node:fs'; for (let i = 0; i < 4000; i++) await promises.stat('/');`,
  });
  for (const node of nodes) {
    await whetstone([...run, '--runtime', node, 'app.mjs'], {
      cwd: folder,
    });
    const files = reportIn(folder).functions.map(({ file }) => file);
    expect(
      files.filter((file) => !/^$|^node:|^app\.mjs$/.test(file)),
      node,
    ).toEqual([]);
  }
});
