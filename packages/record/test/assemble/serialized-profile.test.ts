import { expect, test } from 'vitest';
import type { V8Profile } from '../../src/node/raw.ts';
import { protocolText, withWholeTimes } from '../../src/node/serialized-profile.ts';

/** As V8 writes it: names stand there as they are. */
const piece = (functionName: string, url: string) =>
  `{"nodes":[{"id":1,"hitCount":7,"callFrame":{"functionName":"${functionName}","lineNumber":3,"columnNumber":-1,` +
  `"scriptId":89,"url":"${url}"},"children":[2],"positionTicks":[{"line":4,"ticks":7}]},{"id":2,"hitCount":0,` +
  `"callFrame":{"functionName":"(gc)","lineNumber":-1,"columnNumber":-1,"scriptId":0,"url":""}}],` +
  `"startTime":5,"endTime":9,"samples":[1],"timeDeltas":[2]}`;

function firstFrame(functionName: string, url: string) {
  const profile = JSON.parse(protocolText(piece(functionName, url))) as V8Profile;
  expect(profile).toMatchObject({ startTime: 5, endTime: 9, samples: [1], timeDeltas: [2] });
  expect(profile.nodes[1]?.callFrame).toEqual({
    functionName: '(gc)',
    lineNumber: -1,
    columnNumber: -1,
    scriptId: '0',
    url: '',
  });
  return profile.nodes[0]?.callFrame;
}

test.each(['plain', 'a"b', String.raw`back\slash A`, 'tab\there', 'é😀', '{"a":1}', '"}', '$1 $&', ''])(
  'the name %j comes out as V8 has it',
  (name) => {
    expect(firstFrame(name, 'node:fs')).toMatchObject({ functionName: name, scriptId: '89', url: 'node:fs' });
  },
);

test('the end of a line, which the agent writes as NUL, is one again', () => {
  expect(firstFrame('a\0b', 'node:fs')?.functionName).toBe('a\nb');
});

test.runIf(process.platform !== 'win32')('files are URLs, as the inspector names them', () => {
  expect(firstFrame('f', '/tmp/we"ird é#%41.js')?.url).toBe('file:///tmp/we%22ird%20%C3%A9%23%2541.js');
  expect(firstFrame('f', 'file:///tmp/a%20b.mjs')?.url).toBe('file:///tmp/a%20b.mjs');
  expect(firstFrame('f', 'evalmachine.<anonymous>')?.url).toBe('evalmachine.<anonymous>');
});

test('a name that looks like the rest of a frame spoils no more than its own piece', () => {
  const name = '","lineNumber":1,"columnNumber":2,"scriptId":3,"url":"x"}';
  expect(() => JSON.parse(protocolText(piece(name, 'node:fs'))) as unknown).toThrow(SyntaxError);
});

test('times of 32 bits are those around the moment when it was taken', () => {
  const [start, end, round] = [48_270_264_051, 48_270_364_197, 2 ** 32];
  const taken = end + 40;
  const profile = { nodes: [], startTime: start % round, endTime: end % round };
  expect(withWholeTimes(profile, taken)).toEqual({ nodes: [], startTime: start, endTime: end });
  const whole = { nodes: [], startTime: start, endTime: end };
  expect(withWholeTimes(whole, taken)).toEqual(whole);
});
