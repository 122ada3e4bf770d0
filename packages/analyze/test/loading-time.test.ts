import { runReport } from '@whetstone/analyze';
import { profileOf } from '@whetstone/profile/testing';
import { expect, test } from 'vitest';
import { pythonRun } from './python-run.ts';

const loading = (...stacks: string[]) => runReport(profileOf(...stacks)).time.loading;

test('is the loader with what it calls of the runtime, and nothing of what a module does', () => {
  expect(
    loading(
      'load@node:internal/modules/cjs/loader:1 30',
      'load@node:internal/modules/cjs/loader:1;compileFunction@node:internal/vm:2 20',
      'load@node:internal/modules/cjs/loader:1;(module)@/app/a.js:1 500',
      'load@node:internal/modules/cjs/loader:1;(module)@/app/a.js:1;readFileSync@node:fs:3 40',
      'load@node:internal/modules/cjs/loader:1;(module)@/app/a.js:1;require@node:internal/modules/helpers:4 7',
    ),
  ).toBe(57);
});

test('is that of Python’s importlib, too', () => {
  expect(runReport(pythonRun()).time.loading).toBe(60_000);
});

test('is nothing where no module was loaded', () => {
  expect(loading('main@/app/a.js:1 10')).toBe(0);
});
