'use strict';
// One synchronous loop: its counter leaves 32 bits, and nothing can be read between its rounds by the thread itself.
let x = 1;
for (let left = 5_000_000_000; left > 0; left--) {
  x ^= 1;
}
console.log(x);
