import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeTemporaryFolder, pythonIdentity, removeFolder } from '@whetstone/record';
import type { Command } from '../commands.ts';
import { parseOptions } from '../options.ts';
import { profilesFolder } from '../project-folder.ts';
import { UsageError } from '../usage-error.ts';
import { openerOf } from '../view/open-page.ts';

/** One thing that was tried on this machine. */
interface Check {
  readonly ok: boolean;
  readonly what: string;
  /** What it means for the user, or what to do. */
  readonly then?: string;
}

/** `whetstone doctor`: what works on this machine and what does not. Every line was tried, none is assumed. */
export const doctorCommand: Command = {
  usage: '',
  summary: 'What works on this machine, and what to do about what does not.',
  completes: 'none',
  options: [],
  async run(args) {
    const { rest } = parseOptions(args, [], { stopAtFirst: false });
    if (rest.length > 0) throw new UsageError(`doctor takes no arguments, and was given '${rest[0]}'.`);
    const groups: readonly (readonly [string, () => readonly Check[] | Promise<readonly Check[]>])[] = [
      ['Runtimes', runtimes],
      ['Figures of the operating system', operatingSystem],
      ['Timers', timers],
      ['Files and page', filesAndPage],
      ['Noise', noise],
    ];
    for (const [title, checks] of groups) {
      process.stdout.write(`${title}\n`);
      for (const { ok, what, then } of await checks()) {
        process.stdout.write(
          `  ${ok ? 'ok' : 'no'}  ${what}\n${then === undefined ? '' : `      ${then}\n`}`,
        );
      }
    }
    return 0;
  },
};

async function runtimes(): Promise<Check[]> {
  const checks = [nodeCheck(process.version, `at ${process.execPath}`)];
  const onPath = version('node');
  if (onPath !== undefined && onPath !== process.version)
    checks.push(nodeCheck(onPath, 'on the PATH: scripts and commands run with it, files with the one above'));
  for (const name of ['python3', 'pypy3']) {
    const python = await pythonIdentity(name, {
      workingDirectory: process.cwd(),
      environment: process.env,
    });
    if (python === null) checks.push({ ok: false, what: `${name} is not on the PATH, or does not answer` });
    else {
      const what = `${name}: ${python.name} ${python.version} at ${python.executable}`;
      const { refusal } = python;
      checks.push(
        refusal === null
          ? { ok: true, what: `${what}, measured from outside` }
          : {
              ok: false,
              what,
              then: `${refusal.message}: its programs are measured from inside, by function.`,
            },
      );
    }
  }
  return checks;
}

function nodeCheck(version: string, where: string): Check {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number);
  const ok = major > 20 || (major === 20 && minor >= 19);
  const what = `node ${version.slice(1)} ${where}`;
  return ok ? { ok, what } : { ok, what, then: 'Install Node 20.19 or newer.' };
}

function version(name: string): string | undefined {
  const { status, stdout } = spawnSync(name, ['--version'], {
    encoding: 'utf8',
    timeout: 10_000,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return status === 0 ? stdout.trim().split('\n')[0] : undefined;
}

function operatingSystem(): Check[] {
  if (process.platform !== 'linux') {
    return [
      {
        ok: false,
        what: `no queue time on ${os.type()}`,
        then: 'The report leaves out waiting for a core and says so; the rest works.',
      },
    ];
  }
  const checks: Check[] = [];
  const schedstat = read('/proc/self/schedstat')?.split(' ').map(Number);
  checks.push(
    schedstat && schedstat[0]! > 0
      ? { ok: true, what: 'CPU time and waiting for a core, per thread (/proc/PID/task/TID/schedstat)' }
      : {
          ok: false,
          what: 'no /proc/PID/schedstat',
          then: 'The report leaves out waiting for a core. The kernel needs CONFIG_SCHED_INFO.',
        },
  );
  const child = spawnSync('sleep', ['0'], { stdio: 'ignore' });
  checks.push({ ok: child.status === 0, what: 'programs can be started' });
  const scope = read('/proc/sys/kernel/yama/ptrace_scope')?.trim();
  checks.push(
    scope === undefined || scope === '0' || process.getuid?.() === 0
      ? { ok: true, what: 'attach: programs of your own can be reached' }
      : {
          ok: true,
          what: `attach: Node programs of your own can be reached (ptrace_scope ${scope} does not matter to them)`,
        },
  );
  const load = os.loadavg()[0]!;
  const cores = os.availableParallelism();
  checks.push(
    load < cores
      ? { ok: true, what: `load ${load.toFixed(2)} on ${cores} cores` }
      : {
          ok: false,
          what: `load ${load.toFixed(2)} on ${cores} cores`,
          then: 'The machine is busy: times vary. The report shows waiting for a core as queueing.',
        },
  );
  return checks;
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function timers(): Check[] {
  let least = Infinity;
  for (let i = 0; i < 1000; i++) {
    const from = process.hrtime.bigint();
    let to = process.hrtime.bigint();
    while (to === from) to = process.hrtime.bigint();
    least = Math.min(least, Number(to - from));
  }
  const fine = least < 1000;
  return [
    fine
      ? { ok: true, what: `the clock moves in steps of ${least} ns` }
      : {
          ok: false,
          what: `the clock moves in steps of ${least} ns`,
          then: 'Short waits and calls are rounded to that.',
        },
  ];
}

function filesAndPage(): Check[] {
  const checks: Check[] = [];
  const folder = profilesFolder(process.cwd());
  // A link to nowhere is there, and cannot be written.
  const parent = lstatSync(folder, { throwIfNoEntry: false }) ? folder : path.dirname(folder);
  try {
    accessSync(parent, constants.W_OK);
    checks.push({ ok: true, what: `profiles are kept in ${path.relative(process.cwd(), folder) || '.'}` });
  } catch {
    checks.push({
      ok: false,
      what: `${parent} cannot be written`,
      then: 'Reports are printed, profiles are not kept. --json FILE writes elsewhere.',
    });
  }
  try {
    const temporary = makeTemporaryFolder();
    removeFolder(temporary);
    const place = path.dirname(temporary);
    const isUsual = existsSync(os.tmpdir()) && realpathSync(os.tmpdir()) === place;
    const what = `temporary files in ${place}`;
    checks.push(
      isUsual
        ? { ok: true, what }
        : { ok: true, what, then: `Not in ${os.tmpdir()}: it cannot be written, or its path has blanks.` },
    );
  } catch (error) {
    checks.push({ ok: false, what: 'no place for temporary files', then: (error as Error).message });
  }
  const [opener] = openerOf(process.platform, process.env) ?? [];
  // Others are part of their system.
  const missing = opener === 'xdg-open' && version(opener) === undefined;
  checks.push(
    opener !== undefined && !missing
      ? { ok: true, what: `whetstone view opens the browser by ${opener}` }
      : {
          ok: false,
          what: missing ? 'no xdg-open here, which opens browsers' : 'no display here',
          then: 'whetstone view prints the address; --html FILE writes one file to take elsewhere.',
        },
  );
  return checks;
}

/** Pairs of equal programs: enough for a median, done in about two seconds. */
const noisePairs = 9;

function noise(): Check[] {
  const time = () => {
    const from = process.hrtime.bigint();
    spawnSync(process.execPath, ['-e', 'let x = 0; for (let i = 0; i < 3e7; i++) x += i % 7;'], {
      stdio: 'ignore',
    });
    return Number(process.hrtime.bigint() - from);
  };
  time();
  const ratios = Array.from({ length: noisePairs }, (_, i) => {
    const [first, second] = [time(), time()];
    return Math.abs((i % 2 ? first / second : second / first) - 1);
  }).toSorted((a, b) => a - b);
  const median = ratios[noisePairs >> 1]! * 100;
  const most = ratios.at(-1)! * 100;
  const what = `two runs of the same program differ by ${median.toFixed(1)} % (median of ${noisePairs} pairs), ${most.toFixed(1)} % at most`;
  return [
    median < 5
      ? { ok: true, what }
      : { ok: false, what, then: 'Quiet the machine, or trust only differences well above that.' },
  ];
}
