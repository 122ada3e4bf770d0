import type { RawCounts } from '@whetstone/record/assembling';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Functions = RawCounts['scripts'][number]['functions'];

const program = `
const { Session } = require('node:inspector');
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
require(process.argv[2]);
setImmediate(() => session.post('Profiler.takePreciseCoverage', (_, { result }) => {
  require('node:fs').writeFileSync(process.argv[3], JSON.stringify(result));
}));
`;

/** What V8 counts while a CommonJS file runs, in a Node of its own. */
export async function coverageOf(file: string): Promise<Functions> {
  const folder = mkdtempSync(join(tmpdir(), 'assemble-test-'));
  try {
    const output = join(folder, 'coverage.json');
    const main = join(folder, 'main.cjs');
    writeFileSync(main, program);
    const { status, stderr } = spawnSync(process.execPath, [main, file, output], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    const scripts = JSON.parse(readFileSync(output, 'utf8')) as {
      readonly url: string;
      readonly functions: Functions;
    }[];
    return scripts.find(({ url }) => url.endsWith(file))?.functions ?? [];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
