import { describe, expect, test } from 'vitest';
import {
  command,
  project,
  reportIn,
  sampled,
  started,
  temporaryFolder,
  whetstone,
  type Ended,
} from './command.ts';

/** Long enough that samples fall into it on any machine. */
const burn = `
function burn(ms) {
  const until = Date.now() + ms;
  let x = 0;
  while (Date.now() < until) for (let i = 0; i < 1000; i++) x += Math.sqrt(i);
  return x;
}
burn(120);
console.log('computed');
`;

interface Ending {
  readonly program: string;
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
}

const endings: Readonly<Record<string, Ending>> = {
  'its last line': { program: burn, code: 0 },
  'process.exit': { program: `${burn} process.exit(3)`, code: 3 },
  'process.exitCode': { program: `${burn} process.exitCode = 4`, code: 4 },
  'process.reallyExit': { program: `${burn} process.reallyExit(5)`, code: 5 },
  'an exit that the program has replaced': {
    program: `${burn} const exit = process.exit; process.exit = (code) => exit.call(process, code + 1); process.exit(5)`,
    code: 6,
  },
  'an uncaught error': { program: `${burn} throw new Error('lost')`, code: 1 },
  'a thrown value that is no error': { program: `${burn} throw { lost: true }`, code: 1 },
  'an unhandled rejection': { program: `${burn} Promise.reject(new TypeError('lost'))`, code: 1 },
  'process.abort': { program: `${burn} process.abort()`, signal: 'SIGABRT' },
  'its own SIGTERM': {
    program: `${burn} process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1000)`,
    signal: 'SIGTERM',
  },
  'its own SIGINT, which it handles': {
    program: `${burn} process.on('SIGINT', () => process.exit(9)); process.kill(process.pid, 'SIGINT'); setInterval(() => {}, 1000)`,
    code: 9,
  },
};

async function both(folder: string): Promise<{ plain: Ended; measured: Ended }> {
  const plain = await started(process.execPath, ['app.js'], { cwd: folder }).ended;
  const measured = await whetstone(['run', '--quiet', '--json', 'report.json', 'app.js'], { cwd: folder });
  return { plain, measured };
}

describe('nothing is lost when a program ends by', () => {
  test.each(Object.entries(endings))('%s', async (_name, { program, code = null, signal = null }) => {
    const folder = project({ 'app.js': program });
    const { plain, measured } = await both(folder);
    expect({ code: measured.code, signal: measured.signal }).toEqual({ code, signal });
    expect({ code: plain.code, signal: plain.signal }).toEqual({ code, signal });
    expect(measured.stdout).toBe(plain.stdout);
    const report = reportIn(folder);
    expect(report.about.exit).toEqual({ code, signal });
    expect(
      report.functions.some((row) => row.function === 'burn' && row.file === 'app.js' && row.self > 0),
    ).toBe(true);
    // What it says itself comes first and is untouched; our line is the last.
    const lines = measured.stderr.split('\n');
    expect(lines.at(-2)).toMatch(/\.whetstone\/app-\d+\.whet$/);
    // Abort prints the machine's stack, addresses and all, which differ from run to run.
    if (signal === 'SIGABRT') expect(measured.stderr).not.toContain('endings.cjs');
    else expect(lines.slice(0, -2).join('\n')).toBe(plain.stderr.trimEnd());
  });
});

const endless = `console.log('ready'); function spin() { for (;;) {} } spin();`;

describe('a program in an endless loop', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)('ends by %s, and the report names the loop', async (signal) => {
    const folder = project({ 'app.js': endless });
    const temporary = temporaryFolder();
    const run = started(process.execPath, [command, 'run', '--quiet', '--json', 'report.json', 'app.js'], {
      cwd: folder,
      env: { TMPDIR: temporary },
      detached: true,
    });
    await sampled(temporary, 1000);
    // To the whole group, as a terminal does.
    process.kill(-run.child.pid!, signal);
    const { signal: ended } = await run.ended;
    expect(ended).toBe(signal);
    const report = reportIn(folder);
    expect(report.about.exit.signal).toBe(signal);
    expect(report.functions[0]).toMatchObject({ function: 'spin', file: 'app.js' });
  });

  test('killed by SIGKILL leaves what was written until then', async () => {
    const folder = project({
      'app.js': `console.log('pid ' + process.pid); function spin() { for (;;) {} } spin();`,
    });
    const temporary = temporaryFolder();
    const run = started(process.execPath, [command, 'run', '--quiet', '--json', 'report.json', 'app.js'], {
      cwd: folder,
      env: { TMPDIR: temporary },
    });
    await sampled(temporary, 1000);
    process.kill(Number(/pid (\d+)/.exec(run.printed.stdout)![1]), 'SIGKILL');
    expect((await run.ended).signal).toBe('SIGKILL');
    expect(reportIn(folder).functions[0]).toMatchObject({ function: 'spin' });
  });

  test('is measured for as long as --for says, and lives on', async () => {
    const folder = project({
      'app.js': `const until = Date.now() + 6000; function spin() { while (Date.now() < until); } spin(); console.log('lived on');`,
    });
    const { stdout, code } = await whetstone(
      ['run', '--quiet', '--for', '4s', '--json', 'report.json', 'app.js'],
      { cwd: folder },
    );
    expect({ stdout, code }).toEqual({ stdout: 'lived on\n', code: 0 });
    expect(reportIn(folder).functions.some((row) => row.function === 'spin')).toBe(true);
  });
});

test('memory that runs out leaves what was written until then', async () => {
  const folder = project({
    'app.js': `const keep = []; function hoard() { for (;;) keep.push(new Array(1000).fill(keep.length + 0.5)); } hoard();`,
  });
  const { signal, code } = await whetstone(
    ['run', '--quiet', '--json', 'report.json', 'node', '--max-old-space-size=300', 'app.js'],
    { cwd: folder },
  );
  expect(signal ?? code).toBe('SIGABRT');
  expect(reportIn(folder).about.exit.signal).toBe('SIGABRT');
});
