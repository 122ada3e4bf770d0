import { ProfileError, type Profile } from '@whetstone/profile';
import { expect } from 'vitest';

/** What reading gives: a profile that keeps to its rules, or the code of a {@link ProfileError}; all else fails the test. */
export async function outcomeOf(read: () => Profile | Promise<Profile>): Promise<string> {
  let profile;
  try {
    profile = await read();
  } catch (error) {
    expect(error).toBeInstanceOf(ProfileError);
    expect((error as Error).message).toMatch(/\w/);
    return (error as ProfileError).code;
  }
  expectSound(profile);
  return 'profile';
}

function expectSound(profile: Profile): void {
  const { strings, functions, nodes, threads } = profile;
  within(functions.name, 0, strings.length);
  within(functions.file, 0, strings.length);
  within(nodes.function, 0, functions.name.length);
  expect(nodes.parent.every((parent, row) => parent >= -1 && parent < row)).toBe(true);
  expect(profile.samples).toHaveLength(threads.length);
  for (const samples of profile.samples) {
    within(samples.node, 0, nodes.parent.length);
    expect(samples.duration.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    expect(samples.time.every((value, row) => row === 0 || value >= (samples.time[row - 1] as number))).toBe(
      true,
    );
  }
  for (const measure of profile.measures) {
    within(measure.row, 0, measure.per === 'node' ? nodes.parent.length : functions.name.length);
    within(measure.thread, -1, threads.length);
    expect(measure.value.every(Number.isFinite)).toBe(true);
  }
  within(profile.waits.node, -1, nodes.parent.length);
}

function within(column: Int32Array, least: number, end: number): void {
  expect(column.every((row) => row >= least && row < end)).toBe(true);
}
