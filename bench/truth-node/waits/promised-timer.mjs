// truth: {"kind":"timer","call":"timers.promises.setTimeout","line":6,"milliseconds":1000,"total":1000000,"count":5}
import { setTimeout as sleep } from 'node:timers/promises';

// Five timers of 200 ms, one after the other.
for (let round = 0; round < 5; round++) {
  await sleep(200);
}
