import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { environment, recorder } from './measured.ts';

const commands = recorder();
const { measure, plain, program } = commands;

/** Prints what a program can see of its surroundings; numbers that differ from run to run are left out. */
const seen = `
const { threadId } = require('node:worker_threads');
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
console.log(JSON.stringify({
  env: process.env,
  argv: process.argv,
  execArgv: process.execArgv,
  execPath: process.execPath,
  title: process.title,
  cwd: process.cwd(),
  threadId,
  listeners: signals.map((signal) => [process.listenerCount(signal), process.listeners(signal).length, process.rawListeners(signal).length]),
  events: process.eventNames().map(String).sort(),
  resources: process.getActiveResourcesInfo(),
  handles: process._getActiveHandles().length,
  tty: [process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY],
  cache: Object.keys(require.cache),
  globals: Object.getOwnPropertyNames(globalThis),
  children: module.children.length,
  parent: module.parent,
  console: Object.keys(console).map((name) => [name, typeof console[name] === 'function' ? console[name].name : '']),
  process: Object.keys(process).sort(),
}, null, 1));
`;

describe('a program', () => {
  test('sees its environment as without us', async () => {
    const file = program('seen.js', seen);
    const args = [file, 'an argument', '--option'];
    expect((await measure(args)).stdout).toBe((await plain(args)).stdout);
  });

  test.each(['', '--no-warnings', '--max-old-space-size=100 --no-warnings'])(
    'keeps its own NODE_OPTIONS: %j',
    async (own) => {
      const file = program('seen.js', seen);
      const env = { ...environment(), NODE_OPTIONS: own };
      const measured = await measure([file], { env });
      expect(measured.stdout).toBe((await plain([file], { env })).stdout);
      expect(measured.told.threads[0]?.taken).toBeGreaterThan(0);
    },
  );

  test('prints by console as without us', async () => {
    const file = program(
      'console.js',
      `console.log('%s and %d', 'text', 5, { a: [1, { b: { c: {} } }] });
       console.error(new TypeError('shown').message); console.group('G'); console.info('inside'); console.groupEnd();
       console.table([{ a: 1 }, { a: 2 }]); console.dir({ x: 1 }, { depth: 0 }); console.assert(false, 'asserted');
       console.count(); console.count('x'); console.countReset(); console.count();
       console.trace('traced'); console.debug('debug'); console.warn('warn'); 
       const { log } = console; log('taken out'); console.log.call(null, 'without this');
       const write = process.stdout.write; process.stdout.write = (text) => write.call(process.stdout, '> ' + text); console.log('replaced');
       process.stdout.write = write; console.log = (text) => process.stdout.write('own ' + text + '\\n'); console.log('patched');
       const { Console } = require('console'); new Console(process.stdout).log('another');
       require('util').inspect.defaultOptions.depth = 0; console.info({ a: { b: {} } });`,
    );
    const [measured, alone] = [await measure([file]), await plain([file])];
    expect(measured.stdout).toBe(alone.stdout);
    expect(measured.stderr).toBe(alone.stderr);
  });

  test('gets what it reads, byte for byte', async () => {
    const file = program(
      'cat.js',
      `process.stdin.pipe(process.stdout); process.stdin.on('end', () => console.error('ended'));`,
    );
    const input = 'line\n'.repeat(20_000);
    const measured = await measure([file], { input });
    expect(measured.stdout).toBe(input);
    expect(measured.stderr).toBe('ended\n');
  });

  test('uses an inspector of its own', async () => {
    const file = program(
      'inspector.js',
      `const { Session } = require('inspector'); const session = new Session(); session.connect();
       session.on('Runtime.consoleAPICalled', ({ params }) => process.stdout.write('seen ' + params.args[0].value + '\\n'));
       session.post('Runtime.enable'); console.log('hello'); session.post('Profiler.enable'); session.post('Profiler.start');
       session.post('Profiler.stop', (error, { profile }) => { console.log(error, profile.nodes.length > 0); session.disconnect(); });`,
    );
    expect((await measure([file])).stdout).toBe((await plain([file])).stdout);
  });

  test('on a terminal stays on it', async () => {
    const file = program(
      'tty.js',
      `console.log([process.stdin.isTTY, process.stdout.isTTY, process.stderr.isTTY].join());`,
    );
    const python = `import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)`;
    const told = program('told.json', '');
    const args = ['-c', python, process.execPath, commands.driver, told, '{}', file];
    let stdout: string;
    try {
      stdout = execFileSync('python3', args, { encoding: 'utf8', input: '' });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
        return console.log('skipped: no python3');
      throw error;
    }
    expect(stdout.trim()).toBe('true,true,true');
  });
});
