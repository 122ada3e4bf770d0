import { expect, test } from 'vitest';
import { progressLine, type ProgressOptions } from '../../src/terminal/progress.ts';

const options: ProgressOptions = { unicode: true, shared: false, term: 'xterm-256color' };
const state = { elapsed: 12_300_000, samples: 12_288, stage: 'measuring' };

function written(isTTY: boolean, given: ProgressOptions, columns = 80) {
  const texts: string[] = [];
  return { texts, stream: { isTTY, columns, write: (text: string) => texts.push(text) }, given };
}

test('rewrites one line, and leaves nothing', () => {
  const { texts, stream } = written(true, options);
  const progress = progressLine(stream, options);
  progress.show(state);
  progress.show({ ...state, elapsed: 13_300_000 });
  progress.end();
  progress.end();
  expect(texts).toEqual([
    '\r\x1b[2Kwhetstone: measuring 12.3 s, 12,288 samples',
    '\r\x1b[2Kwhetstone: measuring 13.3 s, 12,288 samples',
    '\r\x1b[2K',
  ]);
});

test('is never wider than the terminal', () => {
  const { texts, stream } = written(true, options, 20);
  progressLine(stream, options).show(state);
  expect(texts).toEqual(['\r\x1b[2Kwhetstone: measurin']);
});

test('stands in the title while the program writes to the same terminal', () => {
  const { texts, stream } = written(true, options);
  const progress = progressLine(stream, { ...options, shared: true });
  progress.show(state);
  progress.show({ ...state, stage: 'counting' });
  progress.end();
  expect(texts).toEqual([
    '\x1b[22;2t\x1b]2;whetstone: measuring 12.3 s, 12,288 samples\x1b\\',
    '\x1b[23;2t',
    '\r\x1b[2Kwhetstone: counting 12.3 s, 12,288 samples',
    '\r\x1b[2K',
  ]);
});

test.each([
  ['in a pipe', false, options],
  ['on a terminal that cannot rewrite', true, { ...options, term: 'dumb' }],
  ['on a shared terminal without a title', true, { ...options, term: 'linux', shared: true }],
])('is silent %s', (_, isTTY, given) => {
  const { texts, stream } = written(isTTY, given);
  const progress = progressLine(stream, given);
  progress.show(state);
  progress.end();
  expect(texts).toEqual([]);
});

test('is silent in the first two seconds', () => {
  const { texts, stream } = written(true, options);
  const progress = progressLine(stream, options);
  progress.show({ ...state, elapsed: 1_900_000 });
  progress.end();
  expect(texts).toEqual([]);
});
