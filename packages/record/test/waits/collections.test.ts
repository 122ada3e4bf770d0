import { expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

test('pauses of the collector come with their kind, in the order of time', async () => {
  const { threads } = await runProgram('allocates.cjs');
  const collections = (threads[0] ?? []).filter((record) => record.type === 'collections');
  const kinds = collections.flatMap((record) => record.kind);
  expect(kinds).toContain('minor');
  expect(kinds.filter((kind) => !['minor', 'major', 'incremental', 'weak callbacks'].includes(kind))).toEqual(
    [],
  );
  for (const { duration } of collections) expect(duration.every((each) => each >= 0)).toBe(true);
});

test('a loop that blocks the events is told with its time and length, and so is the heap', async () => {
  const { threads } = await runProgram('blocks.cjs');
  const series = (threads[0] ?? []).filter((record) => record.type === 'series');
  const named = (name: string) =>
    series.filter((record) => record.name === name).flatMap((record) => record.value);
  expect(named('delay').length).toBeGreaterThan(0);
  expect(named('heap').every((bytes) => bytes > 0)).toBe(true);
});
