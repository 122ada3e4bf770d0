import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const agent = fileURLToPath(new URL('../../src/agents/node', import.meta.url));

/** Prints by how often each profiler's thread woke up: how many there are, and whether the one we ask about did most. */
const program = `
const { openPieces } = require('${agent}/pieces-inspector.cjs');
const { youngestTask } = require('${agent}/clock.cjs');
const { readdirSync, readFileSync } = require('node:fs');

const pieces = openPieces([250, 1e6]);
pieces.begin();
for (const end = performance.now() + 300; performance.now() < end;);
const name = 'v8:ProfEvntProc';
const asked = youngestTask(name);
const wakes = readdirSync('/proc/self/task')
  .map((task) => '/proc/self/task/' + task)
  .filter((task) => readFileSync(task + '/comm', 'latin1').trim() === name)
  .map((task) => ({
    isAsked: task + '/schedstat' === asked,
    count: Number(/^voluntary_ctxt_switches:\\s*(\\d+)/m.exec(readFileSync(task + '/status', 'latin1'))[1]),
  }))
  .toSorted((a, b) => b.count - a.count);
console.log(wakes.length, wakes[0].isAsked);
pieces.last();
`;

test.skipIf(process.platform !== 'linux')(
  'the youngest of the profilers’ threads is that of the interval which counts',
  () => {
    expect(execFileSync(process.execPath, ['-e', program], { encoding: 'utf8' })).toBe('2 true\n');
  },
);
