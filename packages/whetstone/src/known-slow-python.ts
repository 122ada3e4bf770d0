/** What a line of Python shows that is known to be slow, and what it was measured against. */
interface SlowPattern {
  readonly pattern: RegExp;
  /** What shows that it is another form. */
  readonly unless?: RegExp;
  /** Begins with "Try"; the factors are times slower than the fix, with 20,000 items where nothing else is said. */
  readonly suggestion: string;
}

/** Longer lines are generated code, where a pattern says nothing. */
const READ_AT_MOST = 400;

/** Names and literals that are text or bytes, as far as a line can tell. */
const text =
  /["']|\b(?:str|repr|format|decode|encode|read|readline)\(|\b\w*(?:text|line|word|char|chunk|part|piece|html|message|log|data|body|content|payload|buf|buffer|bytes)s?\b/i;
const addedToAttribute = /[\w)\]](?:\.\w+|\[[^\]]*\])\s*\+=/;

/**
 * Forms measured on CPython 3.11 to 3.13 (`npm run bench -- rules-python`). Rules that gained nothing when
 * measured (binding globals, built-ins or `append` to locals, hoisting attributes, comprehensions for loops
 * that append) have no place here: `whetstone explain --myths` names them.
 */
const patterns: readonly SlowPattern[] = [
  {
    pattern: /\.insert\(\s*0\s*,/,
    suggestion:
      'Try `appendleft` of a `collections.deque`, or `append` and one `reverse()`, instead of `insert(0, …)`, if this fills a long list: it took 63 to 97 times as long.',
  },
  {
    pattern: /\.pop\(\s*0\s*\)|\bdel\s+\w+\[0\]/,
    suggestion:
      'Try `popleft` of a `collections.deque` instead of taking the first of a list, if the list is long: `pop(0)` took 28 to 59 times as long.',
  },
  {
    pattern: /\b([\w.]+)\s*=\s*\1\s*\+\s*[[(]/,
    suggestion:
      'Try `append` or `extend` instead of `x = x + […]`, which copies the list each time: with 5,000 items it took 139 to 169 times as long.',
  },
  {
    pattern: /\bsum\(.*,\s*\[\]\s*\)/,
    suggestion:
      'Try `itertools.chain.from_iterable` or `extend` instead of `sum(lists, [])`, which copies the list for each one: with 5,000 lists it took 31 to 46 times as long as `extend`.',
  },
  {
    pattern: /\b(?:not\s+)?in\s+(?!range\b)[\w.]+\b(?!\s*\()|\.(?:index|count|remove)\(/,
    suggestion:
      'Try a `set` or a `dict`, made before the loop, if this searches a list again and again: with 5,000 items the search took 184 to 327 times as long.',
  },
  {
    pattern: addedToAttribute,
    unless: /\+=\s*(?:-?[\d.]+|len\(.*\)|[\w.]+\s*[*/-].*)\s*$/,
    suggestion:
      'Try collecting the parts in a list and one `join` at the end instead of `+=`, if this adds to a text that an attribute or a container holds: it took 47 to 86 times as long.',
  },
  {
    pattern: /\b\w*(?:bytes|data|buf|buffer|payload|chunk)\w*\s*\+=|\+=\s*b["']/i,
    unless: addedToAttribute,
    suggestion:
      'Try a `bytearray`, or one `join` at the end, instead of `+=` on `bytes`: it took 38 to 56 times as long.',
  },
  {
    pattern: /\bdeepcopy\(/,
    suggestion:
      'Try a copy written by hand, or `copy.copy`, instead of `copy.deepcopy`: for an object of three attributes it took 15 to 20 times as long.',
  },
];

/** What to try for a line of Python that takes much time: only forms that were measured, two at most. */
export function knownSlowPython(line: string): string[] {
  if (line === '' || line.length > READ_AT_MOST) return [];
  const code = withoutComment(line)
    // The `in` of a loop searches nothing.
    .replaceAll(/\b(?:async\s+)?for\b[^:()[\]{}]*?\bin\b/g, 'for');
  return patterns
    .filter(({ pattern, unless }) => pattern.test(code) && unless?.test(code) !== true)
    .filter(({ pattern }) => pattern !== addedToAttribute || text.test(code))
    .slice(0, 2)
    .map(({ suggestion }) => suggestion);
}

/** A `#` in a string begins no comment: where there is any doubt the line stays whole. */
function withoutComment(line: string): string {
  return line.replace(/#.*$/, (comment) => (/["']/.test(comment) ? comment : ''));
}
