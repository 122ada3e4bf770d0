import { activity } from '@whetstone/viewer/model/activity.ts';
import { callTree } from '@whetstone/viewer/model/call-tree.ts';
import { lineFigures } from '@whetstone/viewer/model/line-figures.ts';
import { visitSelf, type Scope } from '@whetstone/viewer/model/scope.ts';
import { mainStates, stateTimes, states } from '@whetstone/viewer/model/states.ts';
import { categories } from '@whetstone/profile';
import { profileOf } from '@whetstone/profile/testing';
import { describe, expect, test } from 'vitest';
import { pythonRun } from '../../../analyze/test/python-run.ts';

const run = pythonRun();
const whole: Scope = { thread: -1, range: null, waiting: true };
const functionNamed = (name: string) => run.functions.name.findIndex((row) => run.strings[row] === name);

/** A row of a table of states, without what is zero. */
function row(times: Float64Array, at: number) {
  return Object.fromEntries(
    states.map((state, i) => [state, times[at * states.length + i]] as const).filter(([, time]) => time > 0),
  );
}

describe('the time in each state', () => {
  test('of a function is that of all threads, or of one', () => {
    const { ofFunction } = stateTimes(run, whole);
    expect(row(ofFunction, functionNamed('clean'))).toEqual({ 'c-code': 260_000, lock: 200_000 });
    expect(row(ofFunction, functionNamed('seal'))).toEqual({ bytecode: 400_000, lock: 600_000 });
    const main = stateTimes(run, { ...whole, thread: 0 }).ofFunction;
    expect(row(main, functionNamed('seal'))).toEqual({});
  });

  test('of a stretch comes from the samples, waits with what asked', () => {
    const { ofFunction } = stateTimes(run, { ...whole, thread: 0, range: [940_000, 1_040_000] });
    expect(row(ofFunction, functionNamed('clean'))).toEqual({ 'c-code': 60_000, lock: 40_000 });
  });

  test('of a line is there where the line only waited', () => {
    const lines = lineFigures(run, whole);
    const ask = lines.function.indexOf(functionNamed('ask'));
    expect(lines.self[ask]).toBe(0);
    expect(row(lines.states, ask)).toEqual({ waiting: 700_000 });
  });

  test('is empty where the runtime does not tell', () => {
    const node = profileOf('main 10');
    expect(stateTimes(node, whole).ofFunction).toHaveLength(0);
    expect(lineFigures(node, whole).states).toHaveLength(0);
  });
});

test('a box has the colour of what it and its callees computed most', () => {
  const self = new Float64Array(run.nodes.parent.length);
  visitSelf(run, whole, (node, _line, time) => {
    self[node] += time;
  });
  const tree = callTree(run.nodes, self);
  const main = mainStates(tree, stateTimes(run, whole).ofNode);
  const colourOf = (name: string) => categories[main[tree.function.indexOf(functionNamed(name))]];
  expect([colourOf('unique'), colourOf('clean'), colourOf('<module>'), colourOf('ask')]).toEqual([
    'own',
    'dependency',
    'own',
    undefined,
  ]);
});

test('the time strip shows collecting and waiting apart, and nothing where the core was another’s', () => {
  const { time, bins, to } = activity(run, 0, 200);
  const at = (moment: number, category: (typeof categories)[number]) =>
    time[Math.floor((moment / to) * bins) * categories.length + categories.indexOf(category)];
  expect(at(530_000, 'own')).toBe(0);
  expect(at(690_000, 'collector')).toBeGreaterThan(0);
  expect(at(1_500_000, 'waiting')).toBeGreaterThan(0);
  const byState = activity(run, 0, 200, true);
  expect(byState.time[Math.floor((900_000 / to) * bins) * categories.length + 1]).toBeGreaterThan(0);
});
