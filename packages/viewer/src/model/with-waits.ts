import { categories, type NodeTable, type Profile, type WaitTable } from '@whetstone/profile';
import type { Scope } from './scope.ts';

/** A profile in whose call paths the waits have a place of their own, below the call that asked. */
export interface ProfileWithWaits {
  readonly profile: Profile;
  /** Call path of each row of the waits. */
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
  if (waits.node.length === 0) return { profile, nodeOfWait: new Int32Array() };
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
 * Moves the sleep that waits explain to the waits' own call paths: first what the samples show asleep
 * below the call that asked (a call that slept itself, such as `execSync`), then from idling.
 *
 * @param self figures by node, changed in place
 */
export function addWaits({ profile, nodeOfWait }: ProfileWithWaits, scope: Scope, self: Float64Array): void {
  if (!scope.waiting || nodeOfWait.length === 0) return;
  const { functions, nodes, waits } = profile;
  const charged = new Map<number, number>();
  for (let wait = 0; wait < nodeOfWait.length; wait++) {
    if (scope.thread >= 0 && scope.thread !== waits.thread[wait]!) continue;
    const time = waits.charged[wait]! * partInside(waits, wait, scope.range);
    if (time > 0) charged.set(nodeOfWait[wait]!, (charged.get(nodeOfWait[wait]!) ?? 0) + time);
  }
  const categoryOf = (node: number) => functions.category[nodes.function[node]!];
  const left = takeFromCalls(nodes, charged, self, (node) => categoryOf(node) === waiting);
  let slept = 0;
  for (let node = 0; node < self.length; node++) if (categoryOf(node) === idle) slept += self[node]!;
  const part = slept > 0 ? Math.max(0, slept - left) / slept : 1;
  for (let node = 0; node < self.length; node++) if (categoryOf(node) === idle) self[node]! *= part;
  for (const [node, time] of charged) self[node]! += time;
}

/** Takes what waits explain from the sleep below the calls that asked; returns what is still to be taken. */
function takeFromCalls(
  nodes: NodeTable,
  charged: ReadonlyMap<number, number>,
  self: Float64Array,
  sleeps: (node: number) => boolean,
): number {
  const waitsOf = new Map<number, number[]>();
  for (const node of charged.keys()) {
    const asker = nodes.parent[node]!;
    const others = waitsOf.get(asker);
    if (others === undefined) waitsOf.set(asker, [node]);
    else others.push(node);
  }
  const left = new Map(charged);
  for (let node = 0; node < self.length; node++) {
    if (!(self[node]! > 0) || !sleeps(node)) continue;
    for (let asker = node; asker >= 0; asker = nodes.parent[asker]!) {
      for (const wait of waitsOf.get(asker) ?? []) {
        const taken = Math.min(self[node]!, left.get(wait)!);
        self[node]! -= taken;
        left.set(wait, left.get(wait)! - taken);
      }
    }
  }
  return [...left.values()].reduce((sum, time) => sum + time, 0);
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
