// Text: build lines, split them, count words in a Map, sort, join.
const seconds = Number(process.argv[2] ?? 5);
const rounds = Math.round(seconds * 39);
let length = 0;

function lines(seed) {
  const out = [];
  for (let i = 0; i < 12_000; i++)
    out.push(`${seed}-${i},item ${(i * 7919) % 4001},${(i * 31) % 97}, ${i.toString(36)} `);
  return out;
}

function count(all) {
  const seen = new Map();
  for (const line of all) {
    for (const word of line.split(/\s*,\s*/)) seen.set(word, (seen.get(word) ?? 0) + 1);
  }
  return seen;
}

function top(seen) {
  return [...seen]
    .toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, 50)
    .map(([word, n]) => `${word}=${n}`)
    .join(';');
}

for (let round = 0; round < rounds; round++) length += top(count(lines(round))).length;
console.log(length);
