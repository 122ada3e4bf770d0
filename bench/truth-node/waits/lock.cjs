// truth: {"kind":"lock","call":"Atomics.wait","line":6,"milliseconds":1000,"total":1000000,"count":5}
const cells = new Int32Array(new SharedArrayBuffer(4));

// Nobody notifies: each wait lasts its 200 ms.
for (let round = 0; round < 5; round++) {
  Atomics.wait(cells, 0, 0, 200);
}
