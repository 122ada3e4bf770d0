// Runs the fuzzers of the native core under AddressSanitizer and UndefinedBehaviorSanitizer: `node fuzz.mjs [seconds]`.
//
// With clang++ it is libFuzzer that leads them; with g++ alone, chance. Exit code 1 where one found something: the
// input lies in the folder that is named then.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const seconds = Number(process.argv[2] ?? 60);
const here = import.meta.dirname;
const targets = ['parsers', 'connections'];
const core = ['core.cc', 'request-parser.cc', 'chunk-parser.cc'].map((name) =>
  path.join(here, '../src', name),
);
const folder = mkdtempSync(path.join(tmpdir(), 'serve-fuzz-'));

const compiler = ['clang++', 'clang++-19', 'clang++-16', 'clang++-14', 'g++'].find(compiles);
if (!compiler) {
  process.stderr.write('the fuzzers need clang++ or g++, with sanitizers\n');
  process.exit(2);
}
const libFuzzer = compiler !== 'g++';
const found = (await Promise.all(targets.map((target) => fuzz(target)))).some((code) => code !== 0);
if (!found) rmSync(folder, { recursive: true });
process.exitCode = found ? 1 : 0;

/** Whether all targets can be made by it; leaves them in the folder. */
function compiles(name) {
  const leads = name === 'g++' ? 'address,undefined' : 'fuzzer,address,undefined';
  return targets.every(
    (target) =>
      spawnSync(
        name,
        [
          `-fsanitize=${leads}`,
          ...'-std=c++17 -g -O1 -fno-sanitize-recover=all'.split(' '),
          path.join(here, `${target}.cc`),
          ...(name === 'g++' ? [path.join(here, 'driver.cc')] : []),
          ...core,
          '-o',
          path.join(folder, target),
        ],
        { stdio: 'ignore' },
      ).status === 0,
  );
}

/** Runs one of them; resolves to its exit code. */
function fuzz(target) {
  const work = path.join(folder, `${target}-inputs`);
  mkdirSync(work);
  const args = libFuzzer
    ? [
        `-max_total_time=${seconds}`,
        '-max_len=1500',
        '-len_control=20',
        '-timeout=20',
        '-verbosity=0',
        '-print_final_stats=1',
        work,
      ]
    : [String(seconds)];
  const child = spawn(path.join(folder, target), args, { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (told = (told + text).slice(-20_000)));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      const inputs = /number_of_executed_units: *(\d+)/.exec(told)?.[1] ?? /(\d+) inputs/.exec(told)?.[1];
      if (code === 0)
        process.stdout.write(`${target}: ${inputs} inputs in ${seconds} s, ${compiler}, nothing found\n`);
      else {
        writeFileSync(path.join(folder, `${target}.log`), told);
        process.stdout.write(
          `${target}: found something (${signal ?? code}); its input and log lie in ${folder}\n${told.slice(-4000)}\n`,
        );
      }
      resolve(code ?? 1);
    });
  });
}
