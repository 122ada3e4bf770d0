// 1.8 million bare awaits.
import { ownClock } from './own-clock.mjs';

async function step(i) {
  return i & 1;
}
let sum = 0;
await ownClock(async () => {
  for (let i = 0; i < 1_800_000; i++) sum += await step(i);
});
console.log(sum);
