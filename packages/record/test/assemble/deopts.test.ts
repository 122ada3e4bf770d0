import { deoptimisations } from '@whetstone/record/assembling';
import { expect, test } from 'vitest';

test('deoptimisations reads the places and reasons of V8, and leaves out what is torn', () => {
  const log = [
    'v8-version,11,3,244,8,-node.33,0',
    'code-deopt,17441,256,0x7f63c2fc6c40,-1,24,deopt-eager,</app/a.js:1:25>,wrong map',
    'code-deopt,17441,256,0x7f63c2fc6c40,-1,24,deopt-eager,</app/my\\x2C file.js:12:5> inlined at </app/a.js:3:9>,not a Smi',
    'code-deopt,17357,704,0x7f63c2',
  ].join('\n');
  expect(deoptimisations(log)).toEqual([
    { url: '/app/a.js', line: 1, column: 25, reason: 'wrong map' },
    { url: '/app/my, file.js', line: 12, column: 5, reason: 'not a Smi' },
  ]);
});
