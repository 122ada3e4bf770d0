/** How many functions there are, and how deep they call each other at random: nearly every sample is a new path. */
const functions = 400;
const depth = 9;

/**
 * The source of a program that spends `seconds` on about a million call paths, and leaves the moment of its
 * end (epoch milliseconds) in the file `end`.
 */
export function manyPaths(seconds, end) {
  const bodies = Array.from(
    { length: functions },
    (_, i) => `function walk${i}(left) {
  if (left === 0) return work();
  return next(left - 1) + ${i};
}`,
  );
  return `import { writeFileSync } from 'node:fs';
let seed = 1;
function random() {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed >>> 8;
}
let sum = 0;
function work() {
  let x = 0;
  for (let i = 0; i < 60000; i++) x = (x + i * i) % 1000003;
  return x;
}
function next(left) {
  return all[random() % ${functions}](left);
}
${bodies.join('\n')}
const all = [${bodies.map((_, i) => `walk${i}`).join(', ')}];
const until = Date.now() + ${seconds * 1000};
while (Date.now() < until) sum += next(${depth});
process.on('exit', () => writeFileSync(${JSON.stringify(end)}, String(Date.now())));
console.log(sum > 0);
`;
}
