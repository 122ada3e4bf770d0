// truth: {"kind":"child","call":"child_process.execFileSync","line":6,"milliseconds":1200,"total":1200000,"count":3}
const { execFileSync } = require('node:child_process');

// Three children of 400 ms, in which the thread sleeps.
for (let round = 0; round < 3; round++) {
  execFileSync('sleep', ['0.4']);
}
