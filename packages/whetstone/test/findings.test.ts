import { explain, findingIds, type FindingId } from '@whetstone/analyze';
import { describe, expect, test } from 'vitest';
import { drawnRun } from '../../analyze/test/drawn-run.ts';
import { findingRuns } from '../../analyze/test/finding-runs.ts';
import { codeSpan, escapedMarkdown, fillTemplate } from '../src/fill-template.ts';
import { fillFindings, findingText } from '../src/findings.ts';
import { knownSlow } from '../src/known-slow.ts';
import { knownSlowPython } from '../src/known-slow-python.ts';
import { markdownText } from '../src/terminal/markdown-text.ts';

describe.each(findingIds.map((id) => [id]))('the text of %s', (id: FindingId) => {
  const evidence = explain(drawnRun(findingRuns[id].holds)).filter((found) => found.id === id);
  const [finding] = fillFindings(evidence);

  test('is filled with the evidence', () => {
    expect(finding.title).not.toBe('');
    expect(finding.text).not.toBe('');
    for (const text of [finding.title, finding.text])
      expect(text).not.toMatch(/\{\{|\}\}|undefined|NaN|\?(?:[ .,]|$)/);
  });

  test('uses no figure that the evidence lacks', () => {
    const { title, body, suggestions } = findingText(id);
    for (const template of [title, ...body, ...suggestions]) {
      expect(() => fillTemplate(template, evidence[0].evidence, 'markdown')).not.toThrow();
    }
  });

  test('suggests something, each with a verb first, and nothing that measurement has refuted', () => {
    expect(finding.suggestions.length).toBeGreaterThan(0);
    for (const suggestion of finding.suggestions) expect(suggestion).toMatch(/^[A-Z][a-z]+ \S/);
    expect(finding.suggestions.join('\n')).not.toMatch(
      /\.length|join\(|try\/catch|\+\+i|pre-?siz|faster with async/i,
    );
  });

  test('speaks in the present, without exclamation', () => {
    expect([finding.title, finding.text, ...finding.suggestions].join('\n')).not.toMatch(
      /!(?![=[])|successfully|sorry/,
    );
  });
});

describe.each(
  findingIds
    .filter((id) => id !== 'deoptimised' && id !== 'event-loop-blocked' && id !== 'run-time-code')
    .map((id) => [id]),
)('the text of %s for Python', (id: FindingId) => {
  const evidence = explain(drawnRun(findingRuns[id].holds)).filter((found) => found.id === id);
  const [finding] = fillFindings(evidence, 'python');

  test('is filled, and suggests something', () => {
    for (const text of [finding.title, finding.text]) {
      expect(text).not.toBe('');
      expect(text).not.toMatch(/\{\{|\}\}|undefined|NaN/);
    }
    expect(finding.suggestions.length).toBeGreaterThan(0);
    for (const suggestion of finding.suggestions) expect(suggestion).toMatch(/^[A-Z][a-z]+ \S/);
  });

  test('uses no figure that the evidence lacks', () => {
    const { title, body, suggestions } = findingText(id, 'python');
    for (const template of [title, ...body, ...suggestions]) {
      expect(() => fillTemplate(template, evidence[0].evidence, 'markdown')).not.toThrow();
    }
  });

  test('says nothing of JavaScript, and no rule that measurement has refuted', () => {
    const all = [finding.title, finding.text, ...finding.suggestions].join('\n');
    expect(all).not.toMatch(
      /Promise|worker thread|node:|Node|\bMap\b|\bSet\b|npx|npm|module\.enable|semi-space|JavaScript|undefined/,
    );
    expect(all).not.toMatch(/append = |list comprehension/);
  });
});

test('a paragraph without its figure is left out', () => {
  const [finding] = fillFindings(
    explain(drawnRun(findingRuns['one-hot-line'].holds)).filter(({ id }) => id === 'one-hot-line'),
  );
  expect(finding.text).toContain('It reads: `q.shift();`');
  expect(finding.text).not.toContain('The line ran');
});

describe('of waits of Node', () => {
  const waits = (call: string, kind: string, starts: readonly number[]) => {
    const evidence = explain(
      drawnRun({
        stacks: ['(program) 1000000'],
        thread: { wall: 4_000_000, cpu: 1_000_000, queued: 0, asleep: 3_000_000 },
        about: { modes: { counts: false, waits: true, deopts: false, attached: false } },
        waits: starts.map((start) => ({
          at: ['ask@/app/a.ts:1', 2] as const,
          kind,
          call,
          start,
          duration: 500_000,
          charged: 500_000,
        })),
      }),
    );
    return fillFindings(evidence);
  };
  const apart = [0, 1, 2, 3, 4, 5].map((i) => i * 500_000);

  test.each([
    ['child_process.execSync', 'child', 'promisify(child_process.exec)'],
    ['child_process.spawnSync', 'child', 'child_process.spawn'],
    ['Atomics.wait', 'lock', 'Atomics.waitAsync'],
  ])('%s is not awaited: first comes the form that can be', (call, kind, asynchronous) => {
    const found = waits(call, kind, apart);
    expect(found.map(({ id }) => id)).toEqual(['waiting-dominates', 'sequential-awaits']);
    for (const { text, suggestions } of found) {
      expect(text).not.toContain('was awaited');
      expect(suggestions[0]).toContain(`Use \`${asynchronous}\` instead of \`${call}\``);
      expect(suggestions[1]).toContain('`await Promise.all(');
    }
  });

  test('those that can be awaited need only be started together', () => {
    const [dominates, sequential] = waits('fetch', 'http', apart);
    expect(dominates.suggestions[0]).toContain('where 6 waits go one after another now: `await Promise.all(');
    expect(sequential.text).toContain('`fetch` at `a.ts:2` was awaited 6 times');
    expect(sequential.suggestions[0]).toMatch(/^Start them together/);
  });

  test('those that overlap already are not to be started together', () => {
    const [dominates, ...others] = waits('fetch', 'http', [0, 0, 0, 0, 0, 0]);
    expect(dominates.id).toBe('waiting-dominates');
    expect(dominates.suggestions.join('\n')).not.toContain('Promise.all');
    expect(others).toEqual([]);
  });
});

test('one is not many', () => {
  const text = '{{runs:count time}}';
  expect(fillTemplate(text, { runs: 1 }, 'plain')).toBe('1 time');
  expect(fillTemplate(text, { runs: 1200 }, 'plain')).toBe('1,200 times');
});

test('names from the program stay text', () => {
  const evidence = { name: '<img src=x onerror=alert(1)> `*_[a](b)\x1b[2J' };
  const text = fillTemplate('{{name}} and {{name:code}}', evidence, 'markdown')!;
  expect(text).not.toMatch(/(?<!\\)<img src=x(?=.* and )/);
  expect(text).not.toContain('\x1b');
  expect(markdownText(text)).toBe(
    String.raw`<img src=x onerror=alert(1)> ` +
      '`*_[a](b)\\x1b[2J and <img src=x onerror=alert(1)> `*_[a](b)\\x1b[2J',
  );
  expect(markdownText(escapedMarkdown('1. a|b # c'))).toBe('1. a|b # c');
  expect(markdownText(codeSpan('a``b'))).toBe('a``b');
});

test.each(['{{nothing}}', '{{name:time}}', '{{name:colour}}', '{{toString}}'])(
  '%s without evidence is an error',
  (template) => {
    expect(() => fillTemplate(template, { name: 'x' }, 'markdown')).toThrow(RangeError);
  },
);

describe('a line of source', () => {
  test.each([
    ['while (queue.length) next(queue.shift());', 'shift()'],
    ['list.unshift(item);', 'unshift'],
    ['return rows.reduce((acc, row) => ({ ...acc, [row.id]: row }), {});', '{...acc}'],
    ['xs.reduce((acc, x) => [...acc, x], [])', '[...acc]'],
    ['(sums, { place, weight }) => ({ ...sums, [place]: (sums[place] ?? 0) + weight }),', '{...acc}'],
    ['if (seen.includes(id)) continue;', 'Set'],
    [String.raw`RegExp: \s+$`, 'trimEnd()'],
    ['.shift()', 'shift()'],
    ['all = Buffer.concat([all, chunk]);', 'Buffer.concat'],
    [String.raw`line.replace(/\s+$/, '')`, 'trimEnd()'],
    ["throw new Error('end');", 'throw'],
    ['return __awaiter(this, void 0, void 0, function* () {', 'es2017'],
    ['delete cache[key];', 'Map'],
    ['total += BigInt(n);', 'BigInt'],
    ['names.sort((a, b) => a.localeCompare(b));', 'localeCompare'],
    ['return JSON.parse(JSON.stringify(state));', 'JSON'],
    ['return structuredClone(state);', 'structuredClone'],
    ['out.push({ ...row });', 'Node 20, and 1.8 times on Node 26'],
  ])('%s has something to try', (line, word) => {
    const [first] = knownSlow(line);
    expect(first).toContain(word);
    expect(first).toMatch(/^Try /);
  });

  test.each([
    'text += part;',
    'for (let i = 0; i < xs.length; i++) sum += xs[i];',
    'try { return parse(text); } catch { return null; }',
    'const xs = new Array(1000);',
    // Time that a line waits is not the computing by which it is hot.
    'const v = await (async () => sum(rows))();',
    'fs.readFileSync(path);',
    'x = y; // queue.shift() was here',
    '',
    `${'a'.repeat(500)}.shift()`,
  ])('%s has nothing', (line) => expect(knownSlow(line)).toEqual([]));
});

describe('a line of Python', () => {
  test.each([
    ['out.insert(0, row)', 'appendleft'],
    ['job = queue.pop(0)', 'popleft'],
    ['result = result + [row]', 'append'],
    ['self.rows = self.rows + [row]', 'append'],
    ['return sum(parts, [])', 'chain.from_iterable'],
    ['if name in seen:', '`set`'],
    ['    if word not in self.known and word:', '`set`'],
    ['return [x for x in xs if x in ys]', '`set`'],
    ['at = names.index(name)', '`set`'],
    ['self.text += line', '`join`'],
    ["parts['head'] += f'{name}'", '`join`'],
    ['data += chunk', '`bytearray`'],
    ["out += b'x'", '`bytearray`'],
    ['row = copy.deepcopy(template)', 'copy'],
  ])('%s has something to try', (line, word) => {
    const [first] = knownSlowPython(line);
    expect(first).toContain(word);
    expect(first).toMatch(/^Try /);
  });

  test.each([
    'for name in names:',
    'return [x * 2 for x in xs]',
    'async for line in reader:',
    'for i in range(len(xs)): total += xs[i]',
    'self.count += 1',
    'totals[key] += row.price * row.amount',
    'append = out.append',
    'x = sum(values)',
    'last = stack.pop()',
    'total += i  # if x in y',
    '',
    `${'a'.repeat(500)}.pop(0)`,
  ])('%s has nothing', (line) => expect(knownSlowPython(line)).toEqual([]));
});
