// truth: {"kind":"child","call":"child_process.spawn","line":7,"milliseconds":1200,"total":1200000,"count":3}
import { spawn } from 'node:child_process';
import { once } from 'node:events';

// Three children of 400 ms, one after the other.
for (let round = 0; round < 3; round++) {
  const child = spawn('sleep', ['0.4']);
  await once(child, 'exit');
}
