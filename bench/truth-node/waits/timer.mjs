// truth: {"kind":"timer","call":"setTimeout","line":4,"milliseconds":1000,"total":1000000,"count":4}
// Four timers of 250 ms, one after the other.
for (let round = 0; round < 4; round++) {
  await new Promise((resolve) => setTimeout(resolve, 250));
}
