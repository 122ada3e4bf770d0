import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { RunReport } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { project, reportIn, started, whetstone } from './command.ts';

const app = `console.log('out'); console.error('err'); process.stdin.on('data', (data) => process.stdout.write(data));`;

describe('whetstone run', () => {
  test('finds a file, a script of package.json, a program of node_modules/.bin and of the PATH', async () => {
    const folder = project({
      'package.json': JSON.stringify({ scripts: { hello: 'node app.js "$GREETING"' } }),
      'app.js': `console.log(process.argv.slice(2).join(' '))`,
      'node_modules/.bin/tool': `#!/usr/bin/env node\nconsole.log('tool', process.argv[2])`,
    });
    chmodSync(path.join(folder, 'node_modules/.bin/tool'), 0o755);
    const run = async (...args: string[]) =>
      (await whetstone(['run', '-q', '--no-save', ...args], { cwd: folder, env: { GREETING: 'a b' } }))
        .stdout;
    expect(await run('app.js', 'x', '--counts')).toBe('x --counts\n');
    expect(await run('hello')).toBe('a b\n');
    expect(await run('tool', '1')).toBe('tool 1\n');
    expect(await run('node', 'app.js', 'y')).toBe('y\n');
    expect(await run('echo', 'z')).toBe('z\n');
  });

  test('leaves input and output byte for byte', async () => {
    const folder = project({ 'app.js': app });
    const input = 'one\n\u0000two\n';
    const plain = await started(process.execPath, ['app.js'], { cwd: folder, input }).ended;
    const measured = await whetstone(['run', '-q', '--no-save', 'app.js'], { cwd: folder, input });
    expect(measured).toEqual(plain);
  });

  test('reads TypeScript, and names its lines', async () => {
    const folder = project({
      'app.ts': `import { spin } from './spin.js';\n\nenum Kind { Fast, Slow }\nconsole.log(Kind[Kind.Slow], spin(150) > 0);\n`,
      'spin.ts': `interface Unused { readonly a: number }\n\nexport function spin(ms: number): number {\n  const until = Date.now() + ms;\n  let x = 0;\n  while (Date.now() < until) {\n    for (let i = 0; i < 5000; i++) x += Math.sqrt(i);\n  }\n  return x;\n}\n`,
    });
    const { stdout, code } = await whetstone(['run', '-q', '--json', 'report.json', 'app.ts'], {
      cwd: folder,
    });
    expect({ stdout, code }).toEqual({ stdout: 'Slow true\n', code: 0 });
    const [line] = reportIn(folder).lines;
    expect(line).toMatchObject({ file: 'spin.ts', line: 7, function: 'spin' });
    expect(line!.text?.trim()).toBe('for (let i = 0; i < 5000; i++) x += Math.sqrt(i);');
  });

  test('counts calls exactly in a second run, and says that the outputs were the same', async () => {
    const folder = project({
      'app.js': `function fib(n) {\n  if (n < 2)\n    return n;\n  return fib(n - 1) + fib(n - 2);\n}\nconsole.log(fib(22));\n`,
    });
    const { stdout, stderr } = await whetstone(['run', '--counts', '--json', 'report.json', 'app.js'], {
      cwd: folder,
    });
    expect(stdout).toBe('17711\n');
    expect(stderr).not.toContain('differ');
    const report = reportIn(folder);
    expect(report.functions.find((row) => row.function === 'fib')?.calls).toBe(57_313);
    expect(report.lines.find((row) => row.line === 3)?.hits).toBe(28_657);
  });

  test('reports outputs that differ between the two runs', async () => {
    const folder = project({ 'app.js': `console.log('at', process.hrtime.bigint())` });
    const { stderr } = await whetstone(['run', '--counts', '--json', 'report.json', 'app.js'], {
      cwd: folder,
    });
    expect(reportIn(folder).warnings.map(({ code }) => code)).toContain('outputs-differ');
    expect(stderr).toContain('differ');
  });

  test('measures a program that is neither Node nor Python by the operating system, and says so', async () => {
    const folder = project({});
    const { stdout, code } = await whetstone(
      ['run', '--json', 'report.json', 'sh', '-c', 'echo hi; exit 3'],
      { cwd: folder },
    );
    expect({ stdout, code }).toEqual({ stdout: 'hi\n', code: 3 });
    const report = reportIn(folder);
    expect(report.about.runtime.name).toBe('other');
    expect(report.warnings.map((warning) => warning.code)).toContain('only-operating-system');
  });

  test('tells forked and spawned processes and workers apart', async () => {
    const folder = project({
      'app.js': `const { fork } = require('child_process'); const { Worker } = require('worker_threads');
if (process.argv[2] === 'child') { const until = Date.now() + 200; while (Date.now() < until); console.log('child'); }
else { fork(__filename, ['child']).on('exit', () => new Worker('./worker.js').on('exit', () => console.log('end'))); }`,
      'worker.js': `const { threadId } = require('worker_threads'); const until = Date.now() + 200; while (Date.now() < until); console.log('worker', threadId);`,
    });
    const plain = await started(process.execPath, ['app.js'], { cwd: folder }).ended;
    const { stdout } = await whetstone(['run', '-q', '--json', 'report.json', 'app.js'], { cwd: folder });
    expect(stdout).toBe(plain.stdout);
    const { threads } = reportIn(folder);
    expect(new Set(threads.map(({ process }) => process)).size).toBe(2);
    expect(threads.some(({ thread }) => thread > 0)).toBe(true);
  });

  test('keeps the profile, and the report when it cannot', async () => {
    const folder = project({ 'app.js': '' });
    await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    expect(
      readdirSync(path.join(folder, '.whetstone'))
        .filter((name) => name.endsWith('.whet'))
        .toSorted(),
    ).toEqual(['app-1.whet', 'app-2.whet']);
    const blocked = project({
      'app.js': 'console.log(1)',
      '.whetstone': 'a file where the folder should be',
    });
    const { stdout, stderr, code } = await whetstone(['run', 'app.js'], { cwd: blocked });
    expect({ stdout, code }).toEqual({ stdout: '1\n', code: 0 });
    expect(stderr).toContain('could not be saved');
    expect(stderr).toContain('wall');
    const quiet = await whetstone(['run', '-q', 'app.js'], { cwd: blocked });
    expect(quiet.stderr).toMatch(/^whetstone: The profile could not be saved .*\n$/);
  });

  test('says that the disk is read-only', async ({ skip }) => {
    const folder = project({ 'app.js': '' });
    const readOnly = async (...args: string[]) => {
      try {
        execFileSync('mount', ['--bind', '-o', 'ro', folder, folder], { stdio: 'ignore' });
      } catch {
        skip('only root may make a disk read-only');
      }
      try {
        return await whetstone(args, { cwd: folder });
      } finally {
        execFileSync('umount', [folder]);
      }
    };
    const ended = [await readOnly('run', '-q', 'app.js')];
    for (let i = 0; i < 2; i++) await whetstone(['run', '-q', 'app.js'], { cwd: folder });
    ended.push(await readOnly('run', '-q', 'app.js'), await readOnly('history', '--prune'));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 1]);
    for (const { stderr } of ended) expect(stderr).toMatch(/^whetstone: .* the disk is read-only\..*\n$/);
  });

  test('keeps no source with --no-source, and masks secrets of the command line', async () => {
    const folder = project({
      'app.js': `const marker = 'do-not-keep';\nconst until = Date.now() + 100; while (Date.now() < until);`,
    });
    await whetstone(
      ['run', '-q', '--no-source', '--json', 'report.json', 'app.js', '--token=hunter2hunter2'],
      { cwd: folder },
    );
    const text = readFileSync(path.join(folder, 'report.json'), 'utf8');
    expect(text).not.toContain('do-not-keep');
    expect(text).not.toContain('hunter2');
    expect(reportIn(folder).lines.every((line) => line.text === null)).toBe(true);
  });
});

describe('a wrong command line', () => {
  test.each([
    [[], 0, 'Whetstone: measure'],
    [['rnu', 'app.js'], 2, "whetstone: no command 'rnu'. Did you mean run?"],
    [['run'], 2, 'whetstone: run needs a program'],
    [['run', '--conuts', 'app.js'], 2, "whetstone: no option '--conuts'. Did you mean --counts?"],
    [
      ['run', '--json', '-', 'app.js'],
      2,
      "whetstone: --json - would mix the report with the program's own output",
    ],
    [['run', 'ap.js'], 127, 'Did you mean app.js?'],
    [['run', './data.txt'], 126, 'data.txt'],
    [['run', '--runtime', 'node99', 'app.js'], 127, 'node99'],
    [['view', 'missing.whet'], 1, "whetstone: cannot read 'missing.whet': no such file or folder."],
    [['view', 'data.txt'], 1, "whetstone: 'data.txt': "],
    [['convert', 'data.txt', '--to', 'speedscpoe'], 2, 'Did you mean speedscope?'],
    [['explain'], 1, 'whetstone: no profile in .whetstone yet'],
    [['attach', 'x'], 2, 'whetstone: attach takes the number of one process'],
    [['help', 'rnu'], 2, "whetstone: no command 'rnu'. Did you mean run?"],
    [['completion', 'tcsh'], 2, 'whetstone: completion takes one of bash, zsh, fish'],
  ] as const)('%j ends with %i', async (args, code, message) => {
    const folder = project({ 'app.js': 'console.log(1)', 'data.txt': 'no profile' });
    const ended = await whetstone(args, { cwd: folder });
    expect(ended.code).toBe(code);
    expect(ended.stderr + ended.stdout).toContain(message);
    if (code !== 0) expect(ended.stderr.split('\n')).toHaveLength(2);
  });
});

test('what was saved can be explained, listed, converted, and read again', async () => {
  const folder = project({
    'app.js': `function spin() { const until = Date.now() + 300; let x = 0; while (Date.now() < until) x++; return x; }\nspin();`,
  });
  const run = async (...args: string[]) => await whetstone(args, { cwd: folder });
  await run('run', '-q', 'app.js');
  const explained = JSON.parse((await run('explain', '--json', '-')).stdout) as {
    findings: { id: string }[];
  };
  expect(explained.findings.length).toBeGreaterThan(0);
  expect((await run('explain')).stdout).toContain('wall');
  const saved = new Date('2026-01-02T23:30:00Z');
  utimesSync(path.join(folder, '.whetstone/app-1.whet'), saved, saved);
  const history = await whetstone(['history'], { cwd: folder, env: { TZ: 'Asia/Tokyo' } });
  expect(history.stdout).toMatch(/^app-1 .* 2026-01-03 08:30 .* exit 0 .* app\.js\n$/);
  for (const [format, holds] of [
    ['cpuprofile', '"functionName":"spin"'],
    ['prof', 'spin'],
    ['speedscope', 'speedscope.app/file-format-schema.json'],
    ['collapsed', 'spin'],
  ] as const) {
    expect((await run('convert', '.whetstone/app-1.whet', '--to', format, '-o', `out.${format}`)).code).toBe(
      0,
    );
    expect(readFileSync(path.join(folder, `out.${format}`), 'utf8')).toContain(holds);
  }
  expect((await run('explain', 'out.cpuprofile')).stdout).toContain('wall');
  const before = await run('explain', '--myths', 'out.cpuprofile');
  expect(await run('explain', 'out.cpuprofile', '--myths')).toEqual(before);
  expect((await run('view', '--html', 'page.html')).code).toBe(0);
  expect(existsSync(path.join(folder, 'page.html'))).toBe(true);
  expect((await run('history', '--prune')).stdout).toContain('Removed 0');
});

test('a kept profile is known by the name that history prints, after a file of that name', async () => {
  const spin = (name: string) =>
    `function ${name}() { const until = Date.now() + 300; let x = 0; while (Date.now() < until) x++; return x; }\n${name}();`;
  const folder = project({ 'hot.js': spin('inHot'), 'cold.js': spin('inCold') });
  const run = async (...args: string[]) => await whetstone(args, { cwd: folder });
  await run('run', '-q', 'hot.js');
  await run('run', '-q', 'cold.js');
  expect((await run('convert', 'hot-1', '--to', 'collapsed', '-o', 'hot.txt')).code).toBe(0);
  expect(readFileSync(path.join(folder, 'hot.txt'), 'utf8')).toContain('inHot');
  const explained = await run('explain', '--json', '-', 'hot-1');
  expect((JSON.parse(explained.stdout) as RunReport).about.command.at(-1)).toContain('hot.js');
  expect((await run('view', '--html', 'page.html', 'hot-1')).code).toBe(0);
  for (const wrong of [
    ['convert', 'hto-1', '--to', 'collapsed'],
    ['explain', 'hto-1'],
    ['view', 'hto-1'],
  ]) {
    const { stderr, code } = await run(...wrong);
    expect({ code, hint: stderr.split('. ').at(-1) }).toEqual({ code: 1, hint: 'Did you mean hot-1?\n' });
  }
  copyFileSync(path.join(folder, '.whetstone/cold-2.whet'), path.join(folder, 'hot-1'));
  await run('convert', 'hot-1', '--to', 'collapsed', '-o', 'cold.txt');
  expect(readFileSync(path.join(folder, 'cold.txt'), 'utf8')).toContain('inCold');
});

test('a format of one thread says how many are left out', async () => {
  const spin = 'const until = Date.now() + 50; while (Date.now() < until);';
  const folder = project({
    'app.js': `new (require('node:worker_threads').Worker)('${spin}', { eval: true }); ${spin}`,
  });
  await whetstone(['run', '-q', 'app.js'], { cwd: folder });
  const said = async (format: string) =>
    (await whetstone(['convert', '.whetstone/app-1.whet', '--to', format, '-o', 'out'], { cwd: folder }))
      .stderr;
  expect(await said('cpuprofile')).toContain('holds one thread, the main one: another thread is left out.');
  expect(await said('speedscope')).toBe('');
});

test('a name that no function has comes with the one that was probably meant', async () => {
  const folder = project({
    'app.js': `function grind() { const until = Date.now() + 50; while (Date.now() < until); } grind();`,
  });
  const { stderr, stdout } = await whetstone(['run', '--callers', 'girnd', '--lines', 'grin', 'app.js'], {
    cwd: folder,
  });
  for (const wrong of ['girnd', 'grin'])
    expect(stderr + stdout).toContain(
      `No function is called '${wrong}' in this profile. Did you mean grind?`,
    );
});

test('completion for bash offers commands, options and files', async () => {
  const folder = project({ 'my app.js': '' });
  const { stdout } = await whetstone(['completion', 'bash']);
  writeFileSync(path.join(folder, 'completion.bash'), stdout);
  const complete = async (...words: string[]) => {
    const script = `. ./completion.bash; COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _whetstone; echo "\${COMPREPLY[*]}"`;
    return (await started('bash', ['-c', script], { cwd: folder }).ended).stdout.trim();
  };
  expect(await complete('whetstone', 'ex')).toBe('explain');
  expect(await complete('whetstone', 'run', '--cou')).toBe('--counts');
  expect(await complete('whetstone', 'run', '--sort', 'se')).toBe('self');
  expect(await complete('whetstone', 'pack', 'bui')).toBe('build');
  // What stands behind the program is its own.
  for (const program of [
    ['app.js'],
    ['--top', '5', 'app.js'],
    ['--sort', '=', 'self', '-q', 'app.js'],
    ['-m', 'app'],
  ])
    for (const word of ['--', '--cou']) expect(await complete('whetstone', 'run', ...program, word)).toBe('');
  for (const options of [['--top', '5'], ['--sort', '=', 'self'], ['--counts', '=', 'lines'], ['-q']])
    expect(await complete('whetstone', 'run', ...options, '--cou')).toBe('--counts');
  expect(await complete('whetstone', 'run', 'app.js', '--sort', 'my')).toBe('my app.js');
  expect(await complete('whetstone', 'run', '--', 'my')).toBe('my app.js');
  for (const before of [['run'], ['view'], ['convert', '-o']])
    expect(await complete('whetstone', ...before, 'my')).toBe('my app.js');
});

test('completion for zsh and fish offers programs and files', async () => {
  const zsh = (await whetstone(['completion', 'zsh'])).stdout;
  expect(zsh).toContain(`'1:program:_whetstone_program' \\\n        '*:file:_files' ;;`);
  const fish = (await whetstone(['completion', 'fish'])).stdout;
  expect(fish).toContain(`complete -c whetstone -n '__fish_seen_subcommand_from run' -F\n`);
});

test('doctor says what it tried', async () => {
  const { stdout, code } = await whetstone(['doctor']);
  expect(code).toBe(0);
  expect(stdout).toContain(`node ${process.versions.node}`);
  expect(stdout).toMatch(/two runs of the same program differ by \d+\.\d %/);
});

test('doctor says where temporary files go when TMPDIR is no folder, and when the profiles have none', async () => {
  const folder = project({ 'app.js': '' });
  const options = { cwd: folder, env: { TMPDIR: '/nonexistent' } };
  symlinkSync('nowhere', path.join(folder, '.whetstone'));
  expect((await whetstone(['run', '-q', '--no-save', 'app.js'], options)).code).toBe(0);
  const { stdout } = await whetstone(['doctor'], options);
  expect(stdout).toMatch(
    / {2}ok {2}temporary files in \/\w+.*\n {6}Not in \/nonexistent: it cannot be written/,
  );
  expect(stdout).toMatch(/ {2}no {2}.*\.whetstone cannot be written\n/);
});
