// 100,000 awaited fs.promises.stat.
import { promises } from 'node:fs';
import { ownClock } from './own-clock.mjs';

const file = new URL(import.meta.url).pathname;
let sum = 0;
await ownClock(async () => {
  for (let i = 0; i < 100_000; i++) sum += (await promises.stat(file)).size & 1;
});
console.log(sum);
