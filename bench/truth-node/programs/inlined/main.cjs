'use strict';
// Small helpers of three files, called so often that they are inlined into this one.
const { mixed } = require('./mix.cjs');
const { folded } = require('./fold.cjs');
const { clamped } = require('./clamp.cjs');

function run(n) {
  let s = 1;
  for (let i = 0; i < n; i++) {
    s = mixed(s, i);
    s = folded(s);
    s = clamped(s, i);
  }
  return s;
}

let s = 0;
for (let round = 0; round < 400; round++) s ^= run(200_000);
console.log(s);
