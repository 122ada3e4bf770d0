// 100,000 lines by console.log.
import { ownClock } from './own-clock.mjs';

await ownClock(() => {
  for (let i = 0; i < 100_000; i++) console.log('line', i, 'of the log');
});
