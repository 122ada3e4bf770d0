// What is said of rules for fast Python, measured: those that people repeat and that gain nothing here
// (`whetstone explain --myths`), and what the suggestions of `whetstone explain` promise.
//
// A figure is the time of the form as it is ÷ the time of what the rule says to write, each the least of
// rounds that alternate, on every Python that is there.
import path from 'node:path';
import { machineLine } from '../harness/machine.mjs';
import { openTable, ratio } from '../harness/table.mjs';
import { run } from '../harness/whetstone.mjs';
import { pythons } from '../../scripts/pythons.mjs';

const ROUNDS = 15;
/** A loop that does nothing else gains less than this by a rule: in a program it is not seen. */
const NOTHING = 1.2;
/** What grows with the square of its input is at least this much slower at the size that is tried. */
const SQUARE = 10;

const limits = {
  'bind-globals': 'nothing',
  'bind-builtins': 'nothing',
  'bind-append': 'nothing',
  'hoist-attributes': 'nothing',
  comprehension: 'nothing',
  'try-outside': 'nothing',
  'while-one': 'nothing',
  'insert-first': 'square',
  'pop-first': 'square',
  'list-plus': 'square',
  'in-list': 'square',
  'attribute-text': 'square',
  'bytes-plus': 'square',
  'sum-lists': 'square',
};

process.stdout.write(`${machineLine()}\n${ROUNDS} rounds\n\n`);
const table = openTable(['name', 'limit', 'measured']);
for (const { title, path: python, implementation } of pythons) {
  if (python === null) {
    table.heading(title);
    continue;
  }
  const { stdout, stderr, code } = await run([
    python,
    path.join(import.meta.dirname, 'rules.py'),
    `${ROUNDS}`,
  ]);
  if (code !== 0) throw new Error(`${python} ended with ${code}: ${stderr}`);
  const { version, times } = JSON.parse(stdout);
  table.heading(`${implementation === 'pypy' ? 'PyPy with Python' : 'CPython'} ${version}`);
  for (const [name, [form, other]] of Object.entries(times)) {
    // The rules are said of CPython.
    const limit = implementation === 'cpython' ? limits[name] : undefined;
    table.add({
      name,
      limit: limit === undefined ? '' : limit === 'square' ? `≥ ${ratio(SQUARE)}` : `≤ ${ratio(NOTHING)}`,
      measured: ratio(form / other),
      ok: limit === undefined ? null : limit === 'square' ? form / other >= SQUARE : form / other <= NOTHING,
    });
  }
}
process.exitCode = table.exitCode();
