// The long fuzzing of the server: the native core and its parsers under sanitizers, then both engines against
// `node:http` with broken messages. Options: SECONDS of the first, CASES and SEED of the second.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { machineLine } from '../harness/machine.mjs';

const SECONDS = Number(process.env.SECONDS ?? 180);
const CASES = Number(process.env.CASES ?? 100_000);
const SEED = Number(process.env.SEED ?? Math.trunc(Date.now() / 1000));
const root = path.resolve(import.meta.dirname, '../..');

process.stdout.write(
  `${machineLine()}\n\nthe native core under AddressSanitizer and UndefinedBehaviorSanitizer\n`,
);
const core = run(process.execPath, [path.join(root, 'packages/serve/native/fuzz/fuzz.mjs'), String(SECONDS)]);
process.stdout.write(`\nboth engines against node:http, ${CASES} messages each, seed ${SEED}\n`);
const test = 'packages/serve/test/engine/differential.test.ts';
const engines = run('npx', ['vitest', 'run', test, '--testTimeout', '3600000'], {
  SERVE_FUZZ_CASES: String(CASES),
  SERVE_FUZZ_SEED: String(SEED),
});
process.exitCode = core === 0 && engines === 0 ? 0 : 1;

function run(command, args, env = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } }).status;
}
