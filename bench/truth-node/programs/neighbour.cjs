'use strict';
// Computes while another program has the same core. With the argument `clock` it tells what the operating system
// says that it used; without, nothing is asked meanwhile.
const { threadCpu } = require('./thread-cpu.cjs');

function first(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 1103515245) + 12345) | 0;
  return x;
}
function second(n) {
  let x = 1;
  for (let i = 0; i < n; i++) x = (Math.imul(x, 69069) + 1) | 0;
  return x;
}
const used = { first: 0, second: 0 };
const timed = (work, n) => {
  if (process.argv[2] !== 'clock') return work(n);
  const from = threadCpu();
  const result = work(n);
  used[work.name] += threadCpu() - from;
  return result;
};
let check = 0;
for (let round = 0; round < 60; round++) check ^= timed(first, 8_000_000) ^ timed(second, 16_000_000);
console.log(JSON.stringify({ used, check }));
