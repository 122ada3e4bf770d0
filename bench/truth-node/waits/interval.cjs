// truth: {"kind":"timer","call":"setInterval","line":4,"milliseconds":1000,"total":1000000,"count":10}
// Ten ticks of 100 ms.
let ticks = 0;
const interval = setInterval(() => {
  if (++ticks === 10) clearInterval(interval);
}, 100);
