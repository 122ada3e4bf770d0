/** What a line of source shows that is known to be slow, and what it was measured against. */
interface SlowPattern {
  readonly pattern: RegExp;
  /** What shows that it is another form. */
  readonly unless?: RegExp;
  /** Begins with "Try"; the factors are times slower than the fix at the largest size measured. */
  readonly suggestion: string;
}

/** Longer lines are generated code, where a pattern says nothing. */
const READ_AT_MOST = 400;

// A step of `reduce` that copies what it was given: `(sums, row) => ({ ...sums, … })`.
const copiedObject = /\(\s*(\w+)\s*,[^=]*=>\s*\(?\s*\{\s*\.\.\.\1\b|\{\s*\.\.\.(?:acc|accumulator|memo)\b/;
const copiedArray = /\(\s*(\w+)\s*,[^=]*=>\s*\[\s*\.\.\.\1\b|\[\s*\.\.\.(?:acc|accumulator|memo)\b/;

/**
 * Forms measured on Node 20 and 26, at the largest size tried; a factor is the time of the form ÷ the
 * time of the fix. Rules that did not hold when measured (`+=` against `join`, `try`/`catch`, caching
 * `.length`, pre-sized arrays, `structuredClone` against JSON, asynchronous reads of small files) have
 * no place here.
 */
const patterns: readonly SlowPattern[] = [
  {
    pattern: /\.shift\(\s*\)/,
    suggestion:
      'Try an index that moves on instead of `shift()`, if this drains a long array: draining one took 267 times as long on Node 20, 1,365 on Node 26.',
  },
  {
    pattern: /\.unshift\(/,
    suggestion:
      'Try `push` and one `reverse()` at the end instead of `unshift`, if this fills a long array: it took 148 times as long on Node 20, 1,012 on Node 26.',
  },
  {
    pattern: copiedObject,
    suggestion:
      'Try setting properties on one object instead of `{...acc}` in each step: the copies took 3,900 times as long on Node 20, 4,195 on Node 26.',
  },
  {
    pattern: copiedArray,
    suggestion:
      'Try `push` on one array instead of `[...acc]` in each step: the copies took 1,904 times as long on Node 20, 3,443 on Node 26.',
  },
  {
    pattern: /\.(?:includes|find|findIndex|indexOf)\(/,
    suggestion:
      'Try a `Set` or a `Map`, made before the loop, if this searches a list again and again: the search took 64 to 265 times as long.',
  },
  {
    pattern: /Buffer\.concat\(/,
    suggestion:
      'Try keeping the parts in an array and one `Buffer.concat` at the end, if this is in a loop: it took 349 times as long on Node 20, 475 on Node 26.',
  },
  {
    pattern: /\\s[+*]\$(?:\/|$)/,
    suggestion:
      'Try `trimEnd()` instead of a pattern that ends in `\\s+$`: on long runs of blanks the pattern takes the square of their length.',
  },
  {
    pattern: /\bthrow\b/,
    suggestion:
      'Try returning a value instead of `throw`, if this is an ordinary case and not an error: thrown in a loop it took 898 times as long on Node 20, 580 on Node 26.',
  },
  {
    pattern: /\b__awaiter\b|\b__generator\b/,
    suggestion:
      'Try a newer `target` in tsconfig.json (es2017 or later): `await` compiled for es2015 took 35 times as long.',
  },
  {
    pattern: /(?:^|[;{(\s])delete\s+[\w$.[\]]+/,
    suggestion:
      'Try a `Map`, or setting the property to `undefined`, instead of `delete`: objects that lost a property took 20 times as long.',
  },
  {
    pattern: /\bBigInt\(|\b\d+n\b/,
    suggestion: 'Try numbers instead of `BigInt` where values stay below 2^53: it took 17 times as long.',
  },
  {
    pattern: /\bnew Proxy\(/,
    suggestion:
      'Try the object itself instead of a `Proxy` in hot code: access through it took 27 times as long on Node 20, 45 on Node 26.',
  },
  {
    pattern: /\.localeCompare\(/,
    suggestion:
      'Try `<` and `>` instead of `localeCompare`, if the order of code units is enough: sorting with it took 7 times as long.',
  },
  {
    pattern: /\bstructuredClone\(/,
    suggestion:
      'Try a copy written by hand instead of `structuredClone`: it took 19 times as long on Node 20, 31 on Node 26.',
  },
  {
    pattern: /JSON\.parse\(\s*JSON\.stringify\(/,
    suggestion:
      'Try a copy written by hand instead of one by way of JSON: it took 12 times as long on Node 20, 18 on Node 26.',
  },
  {
    pattern: /\{\s*\.\.\.\w/,
    unless: copiedObject,
    suggestion:
      'Try writing the properties out instead of `{...object}`, on older versions of Node: spreading took 99 times as long as a literal on Node 20, and 1.8 times on Node 26.',
  },
];

/** What to try for a line of source that takes much time: only forms that were measured, two at most. */
export function knownSlow(line: string): string[] {
  if (line === '' || line.length > READ_AT_MOST) return [];
  const code = line.replace(/\/\/.*$/, (comment) => (/["'`/]/.test(comment.slice(2)) ? comment : ''));
  return patterns
    .filter(({ pattern, unless }) => pattern.test(code) && unless?.test(code) !== true)
    .slice(0, 2)
    .map(({ suggestion }) => suggestion);
}
