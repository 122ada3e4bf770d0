import { deoptimisations } from '@whetstone/record/assembling';
import { expect, test } from 'vitest';

test('deoptimisations reads the places and reasons of V8, and leaves out what is torn', () => {
  const traces = [
    '[bailout (kind: deopt-eager, reason: wrong map): begin. deoptimizing 0x0621 <JSFunction f (sfi = 0x3d2a)>, pc 0x7f]',
    '            ;;; deoptimize at </app/a.js:1:25>',
    '  reading input frame f => bytecode_offset=0, args=2, height=0, retval=0(#0); inputs:',
    '      0: 0x06e0464c2551 ;  [fp -  16]  0x06e0464c2551 <String[21]: "text: <of the program:1:2>">',
    '[bailout (kind: deopt-eager, reason: not a Smi): begin. deoptimizing 0x0621 <JSFunction (sfi = 0x3d2a)>, pc 0x7f]',
    '            ;;; deoptimize at </app/my file.js:12:5> inlined at </app/a.js:3:9>',
    '[bailout (kind: deopt-lazy, reason: (unknown)): begin. deoptimizing 0x06',
  ].join('\n');
  expect(deoptimisations(traces)).toEqual([
    { url: '/app/a.js', line: 1, column: 25, reason: 'wrong map' },
    { url: '/app/my file.js', line: 12, column: 5, reason: 'not a Smi' },
  ]);
});
