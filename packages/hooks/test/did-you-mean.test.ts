import { expect, test } from 'vitest';
import { didYouMean } from '@whetstone/hooks';

test.each([
  ['veiw', ['run', 'view'], ' Did you mean view?'],
  ['RUN', ['run', 'view'], ' Did you mean run?'],
  ['ap.ts', ['app.ts', 'main.ts'], ' Did you mean app.ts?'],
  ['frobnicate', ['run', 'view'], ''],
  ['', ['run'], ''],
])('%s among %j', (given, candidates, text) => {
  expect(didYouMean(given, candidates)).toBe(text);
});
