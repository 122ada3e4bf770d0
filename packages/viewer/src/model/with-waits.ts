import { categories, type Profile, type WaitTable } from '@whetstone/profile';
import type { Scope } from './scope.ts';

/** A profile in whose call paths the waits have a place of their own, below the call that asked. */
export interface ProfileWithWaits {
  readonly profile: Profile;
  /** Call path of each row of the waits; empty where the recorder has put waits into the paths itself. */
  readonly nodeOfWait: Int32Array;
}

const waiting = categories.indexOf('waiting');
const idle = categories.indexOf('idle');

/**
 * Gives each wait a call path: the call that was waited for, with what it waited for, below the path
 * that asked. The recorder knows of a thread that slept only that it slept; the waits say what for.
 */
export function withWaits(profile: Profile): ProfileWithWaits {
  const { functions, nodes, waits } = profile;
  const known = nodes.function.some((fn) => functions.category[fn] === waiting);
  if (waits.node.length === 0 || known) {
    return { profile, nodeOfWait: new Int32Array() };
  }
  const strings = [...profile.strings];
  const functionOfName = new Map<string, number>();
  const added = { name: [] as number[], parent: [] as number[], function: [] as number[] };
  const nodeOfPath = new Map<string, number>();
  const nodeOfWait = Int32Array.from(waits.node, (parent, wait) => {
    const call = strings[waits.call[wait]!] || strings[waits.kind[wait]!]!;
    const name = `${call} ${strings[waits.target[wait]!] ?? ''}`.trim();
    let fn = functionOfName.get(name);
    if (fn === undefined) {
      fn = functions.name.length + added.name.push(strings.push(name) - 1) - 1;
      functionOfName.set(name, fn);
    }
    const path = `${parent} ${fn}`;
    let node = nodeOfPath.get(path);
    if (node === undefined) {
      node = nodes.parent.length + added.parent.push(parent) - 1;
      added.function.push(fn);
      nodeOfPath.set(path, node);
    }
    return node;
  });
  const count = added.name.length;
  return {
    nodeOfWait,
    profile: {
      ...profile,
      strings,
      functions: {
        name: joined(functions.name, added.name),
        file: extended(functions.file, count),
        line: extended(functions.line, count),
        column: extended(functions.column, count),
        lastLine: extended(functions.lastLine, count),
        category: Uint8Array.from(
          { length: functions.name.length + count },
          (_, fn) => functions.category[fn] ?? waiting,
        ),
      },
      // Behind all others, so that parents still come before their children.
      nodes: {
        parent: joined(nodes.parent, added.parent),
        function: joined(nodes.function, added.function),
      },
    },
  };
}

/**
 * Moves the sleep that waits explain from idling to the waits' own call paths.
 *
 * @param self figures by node, changed in place
 */
export function addWaits({ profile, nodeOfWait }: ProfileWithWaits, scope: Scope, self: Float64Array): void {
  if (!scope.waiting || nodeOfWait.length === 0) return;
  const { functions, nodes, waits } = profile;
  let explained = 0;
  for (let wait = 0; wait < nodeOfWait.length; wait++) {
    if (scope.thread >= 0 && scope.thread !== waits.thread[wait]!) continue;
    const time = waits.charged[wait]! * partInside(waits, wait, scope.range);
    if (!(time > 0)) continue;
    self[nodeOfWait[wait]!]! += time;
    explained += time;
  }
  const rests = (node: number) => functions.category[nodes.function[node]!] === idle;
  let slept = 0;
  for (let node = 0; node < self.length; node++) if (rests(node)) slept += self[node]!;
  if (slept <= 0) return;
  const left = Math.max(0, slept - explained) / slept;
  for (let node = 0; node < self.length; node++) if (rests(node)) self[node]! *= left;
}

/** Part of a wait inside a stretch of time. What a wait explains is taken as spread evenly over it. */
function partInside({ start, duration }: WaitTable, wait: number, range: Scope['range']): number {
  if (range === null) return 1;
  const [from, to] = range;
  const length = Math.max(duration[wait]!, 1);
  return Math.max(0, Math.min(to, start[wait]! + length) - Math.max(from, start[wait]!)) / length;
}

function extended(column: Int32Array, by: number): Int32Array {
  const longer = new Int32Array(column.length + by);
  longer.set(column);
  return longer;
}

function joined(column: Int32Array, more: readonly number[]): Int32Array {
  const longer = extended(column, more.length);
  longer.set(more, column.length);
  return longer;
}
