import type { Microseconds } from '@whetstone/profile';
import type { MergedPiece } from './merge-piece.ts';

/** A stretch in which the thread slept inside one call of the program's. */
export interface SleepingCall {
  /** Call path of the program's function that called. */
  readonly node: number;
  /** What it called, said to be known by samples alone: `fs.readFileSync (sampled)`. */
  readonly call: string;
  readonly kind: string;
  readonly start: Microseconds;
  end: Microseconds;
  /** How much of it was sleep. */
  slept: Microseconds;
}

/** Shorter stretches are lost in what samples and the kernel's figures differ by. */
const SHORTEST: Microseconds = 5000;

/** Synchronous calls that slept, as the samples show: reading a pipe, a slow disk. */
export class SleepingCalls {
  readonly #found: SleepingCall[] = [];

  /** In the order of their beginning. */
  get found(): readonly SleepingCall[] {
    return this.#found.filter(({ slept }) => slept >= SHORTEST);
  }

  /** A sample that stands for so much time, of which the thread slept a part; samples come in time order. */
  add(merged: MergedPiece, index: number, start: Microseconds, gap: Microseconds, slept: Microseconds): void {
    const caller = callerOf(merged, index);
    if (caller === null) return;
    const last = this.#found.at(-1);
    const goesOn = last !== undefined && start - last.end <= merged.piece.interval;
    if (goesOn && last.node === caller.node && last.call === caller.call) {
      last.end = start + gap;
      last.slept += slept;
    } else this.#found.push({ ...caller, start, end: start + gap, slept });
  }
}

type Caller = Pick<SleepingCall, 'node' | 'call' | 'kind'>;

/** The program's function around a sample in native code, and what it called; its own code goes before that of packages. */
function callerOf({ profile, frames, self, ours }: MergedPiece, index: number): Caller | null {
  // The recorder writes wherever the program is; that is no call of the program's.
  if (ours[index] === 1) return null;
  let called: { readonly name: string; readonly url: string } | null = null;
  let inPackage: Caller | null = null;
  for (let at = index; at >= 0; at = profile.caller[at] as number) {
    const row = profile.frame[at] as number;
    const frame = frames[row];
    if (frame === undefined || frame.kind === 'wrapper' || frame.kind === 'worker') continue;
    if (frame.user === null) {
      const name = profile.frames[row]?.functionName ?? '';
      if (frame.kind === 'code' || called === null) called = { name, url: frame.url };
      continue;
    }
    if (called === null) return null;
    const caller = { node: self[at] as number, ...namesOf(called) };
    if (!/[\\/]node_modules[\\/]/.test(frame.user.file)) return caller;
    inPackage ??= caller;
    called = { name: '', url: '' };
  }
  return inPackage;
}

function namesOf({ name, url }: { readonly name: string; readonly url: string }): Omit<Caller, 'node'> {
  const module = /^node:(\w+)$/.exec(url)?.[1];
  const called = name === '' ? (module ?? 'a package') : module === undefined ? name : `${module}.${name}`;
  return { call: `${called} (sampled)`, kind: module === 'fs' ? 'file' : 'other' };
}
