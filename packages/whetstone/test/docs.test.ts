import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

/** Notes that carry times for the recorder, and are never shown. */
const silent = ['exec', 'first-line', 'fork', 'loading', 'main-script'];

const sources = ['profile', 'analyze', 'record', 'pack', 'whetstone'].flatMap((name) => {
  const folder = path.join(root, 'packages', name, 'src');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .map((file) => readFileSync(path.join(folder, file), 'utf8'));
});

test('docs/errors.md lists the codes of errors and warnings, and no others', () => {
  const listed = [...readFileSync(path.join(root, 'docs/errors.md'), 'utf8').matchAll(/^\| `([\w-]+)` \|/gm)];
  expect(listed.map(([, code]) => code).toSorted()).toEqual([...errorCodes(), ...warningCodes()].toSorted());
});

/** Strings that look like a code of ours: the families are those that the command knows. */
function errorCodes(): Set<string> {
  return found(/'((?:TARGET|RUNTIME|START|PROCESS|ATTACH|PROFILE|FILE|PLUGIN|VIEW|PACK)_[A-Z_]+|USAGE)'/g);
}

/** Why Python cannot be measured: `python-pypy` and so on are the warnings, but another program is no reason for one. */
const refusals = ['forbidden', 'not-python', 'not-up', 'pypy', 'version'];

function warningCodes(): Set<string> {
  const codes = found(/\bcode: '([a-z]+(?:-[a-z]+)*)'|\b(?:note|cost)\(\s*'([a-z]+(?:-[a-z]+)+)'/g);
  for (const code of [...silent, ...refusals]) codes.delete(code);
  for (const code of refusals) if (code !== 'not-python') codes.add(`python-${code}`);
  return codes;
}

function found(pattern: RegExp): Set<string> {
  return new Set(
    sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2])!)),
  );
}
