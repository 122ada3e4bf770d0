import { expect, test } from 'vitest';
import { terminalOf } from '../../src/terminal/terminal.ts';

const tty = { isTTY: true, columns: 120 };

test.each([
  ['a terminal', tty, { LANG: 'en_GB.UTF-8' }, { columns: 120, colour: true, unicode: true }],
  ['a pipe', {}, { LANG: 'en_GB.UTF-8' }, { columns: 80, colour: false, unicode: true }],
  ['NO_COLOR', tty, { NO_COLOR: '1' }, { colour: false }],
  ['an empty NO_COLOR', tty, { NO_COLOR: '' }, { colour: true }],
  ['FORCE_COLOR in a pipe', {}, { FORCE_COLOR: '1' }, { colour: true }],
  ['FORCE_COLOR=0', tty, { FORCE_COLOR: '0' }, { colour: false }],
  ['a dumb terminal', tty, { TERM: 'dumb' }, { colour: false }],
  ['another locale', tty, { LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, { unicode: false }],
  ['a width that is asked for', {}, { COLUMNS: '100' }, { columns: 100 }],
  ['a terminal of no use', { isTTY: true, columns: 8 }, {}, { columns: 40 }],
])('%s', (_, stream, environment, expected) => {
  expect(terminalOf(stream, environment)).toMatchObject(expected);
});
