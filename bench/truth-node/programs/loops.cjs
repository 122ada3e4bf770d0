'use strict';
// Four loops of 1 : 2 : 4 : 8, one on each line. What they took is told by the program's own clock.
const { threadCpu } = require('./thread-cpu.cjs');

const ROUNDS = 100;
const UNIT = 1_500_000;

function one(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
  return x;
}
function two(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
  return x;
}
function four(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
  return x;
}
function eight(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
  return x;
}

const loops = { 10: [one, UNIT], 15: [two, UNIT * 2], 20: [four, UNIT * 4], 25: [eight, UNIT * 8] };
const took = { 10: 0, 15: 0, 20: 0, 25: 0 };
let check = 0;
for (let round = 0; round < ROUNDS; round++) {
  for (const line in loops) {
    const [loop, n] = loops[line];
    const from = threadCpu();
    check ^= loop(n);
    took[line] += threadCpu() - from;
  }
}
console.log(JSON.stringify({ took, check }));
