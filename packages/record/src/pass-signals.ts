import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { isAlive } from './is-alive.ts';
import type { ProcFigures } from './proc-figures.ts';

export interface SignalsPassed {
  /** Signals by which a program that did not get round to hearing them was ended after all. */
  readonly rescued: ReadonlySet<string>;
  /** The signal in whose place only SIGKILL helped. */
  readonly replaced: NodeJS.Signals | null;
  /** Whether any signal came. */
  readonly interrupted: boolean;
  /** Called when the program has ended; resolves when children that a loop kept from hearing the signal have, too. */
  stop(): Promise<void>;
}

/** A signal that came to us. */
interface Arrival {
  readonly name: Passed;
  /** Whoever heard the signal after this moment heard this one: epoch milliseconds. */
  readonly since: number;
  /** Whether it went to our whole group. */
  toGroup: boolean;
  /** Whether we gave it to the program, as it was sent to us alone. */
  handedOn: boolean;
}

type Passed = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT';
const names: readonly Passed[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** So long a program may take to have heard a signal that its whole group was sent, in milliseconds. */
const HEARD = 150;
/** We may have been busy when a signal came, and learn of it so much later, in milliseconds. */
const RECENT = 1000;
/** A main thread that has not ended by then is in a loop: its watcher is asked to write and to end it. */
const ASK = 500;
/** What even that does not end is in native code or in `Atomics.wait`, and would have died at once without us. */
const KILL = 3000;
/** Between two looks at children that are still to be ended, in milliseconds. */
const LOOK = 20;

/**
 * While the program runs, signals are the program's: we outlive them, hand on those that were sent to us
 * alone, and end a program as the signal would have done if only our agent kept it alive.
 *
 * @param agents where they tell what they heard, and whose processes there are; `null` where there are none
 */
export function passSignals(
  child: ChildProcess,
  agents: { readonly folder: string; readonly figures: ProcFigures } | null,
): SignalsPassed {
  const rescued = new Set<string>();
  const timers = new Set<NodeJS.Timeout>();
  let replaced: NodeJS.Signals | null = null;
  let interrupted = false;
  /** Up to when it is known who heard each signal: epoch milliseconds. */
  const explained = new Map<Passed, number>();

  const later = (milliseconds: number, action: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      action();
    }, milliseconds);
    timers.add(timer);
  };
  const running = () => child.exitCode === null && child.signalCode === null;

  const arrivals: Arrival[] = [];
  const wasHeard = (arrival: Arrival) => {
    const heard = agents === null ? 0 : lastHeard(agents.folder, arrival.name);
    if (heard <= arrival.since || arrival.handedOn) return arrival.toGroup;
    explained.set(arrival.name, heard);
    arrival.toGroup = true;
    return true;
  };
  const tell = (kind: 'ask' | 'came', pid: number, name: Passed) => {
    try {
      if (agents !== null) writeFileSync(path.join(agents.folder, kind, `${pid}-${name}`), '');
    } catch {
      // A full disk: what was written until now is what there is.
    }
  };
  /** Processes of the program, with an agent, that the signal went to and that live. */
  const reached = ({ toGroup }: Arrival) => {
    if (agents === null) return [];
    agents.figures.look();
    return agents.figures.processes.filter(
      (pid) =>
        (pid === child.pid ? running() : toGroup && isAlive(pid) && isOfOurGroup(pid)) &&
        existsSync(path.join(agents.folder, `${pid}-0.jsonl`)),
    );
  };
  /** Where the program listens, it alone decides; nothing ends one that was started to ignore the signal. */
  const stuck = (arrival: Arrival) =>
    reached(arrival).filter(
      (pid) =>
        agents !== null &&
        !existsSync(path.join(agents.folder, 'listens', `${pid}-${arrival.name}`)) &&
        catches(pid, arrival.name),
    );

  const arrived = (name: Passed) => {
    interrupted = true;
    const since = Math.max(Date.now() - RECENT, explained.get(name) ?? 0);
    const arrival: Arrival = { name, since, toGroup: fromTerminal(name), handedOn: false };
    arrivals.push(arrival);
    // For those that wait for a child, and can hear nothing meanwhile.
    for (const pid of reached(arrival)) tell('came', pid, name);
    if (!arrival.toGroup) {
      later(HEARD, () => {
        if (wasHeard(arrival) || !running()) return;
        explained.set(name, Date.now() + HEARD);
        arrival.handedOn = true;
        child.kill(name);
      });
    }
    if (name === 'SIGQUIT' || agents === null) return;
    later(HEARD + ASK, () => {
      for (const pid of stuck(arrival)) {
        rescued.add(name);
        tell('ask', pid, name);
      }
    });
    later(HEARD + KILL, () => {
      for (const pid of stuck(arrival)) {
        if (pid === child.pid) replaced = name;
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It ended just now.
        }
      }
    });
  };

  const listeners = names.map((name) => [name, () => arrived(name)] as const);
  for (const [name, listener] of listeners) process.on(name, listener);
  return {
    rescued,
    get replaced() {
      return replaced;
    },
    get interrupted() {
      return interrupted;
    },
    async stop() {
      while (timers.size > 0 && arrivals.some((arrival) => wasHeard(arrival) && stuck(arrival).length > 0))
        await new Promise((resolve) => setTimeout(resolve, LOOK));
      for (const timer of timers) clearTimeout(timer);
      for (const [name, listener] of listeners) process.removeListener(name, listener);
    },
  };
}

/** When one of the program's processes last heard this signal, in epoch milliseconds; 0 for never. */
function lastHeard(folder: string, name: Passed): number {
  let last = 0;
  try {
    for (const mark of readdirSync(path.join(folder, 'heard'))) {
      if (mark.split('-')[1] === name)
        last = Math.max(last, statSync(path.join(folder, 'heard', mark)).mtimeMs);
    }
  } catch {
    // The folder is gone: nobody can have told.
  }
  return last;
}

/** Ctrl-C and Ctrl-\ go to the whole foreground group of a terminal: the program has its own already. */
function fromTerminal(name: Passed): boolean {
  if (name !== 'SIGINT' && name !== 'SIGQUIT') return false;
  const own = groupsOf('self');
  return own === null ? process.stdin.isTTY : own.terminal !== '0' && own.group === own.foreground;
}

/** Daemons and background jobs of the program have groups of their own: no signal of ours reached them. */
function isOfOurGroup(pid: number): boolean {
  return groupsOf(pid)?.group === groupsOf('self')?.group;
}

/** Group, terminal and the terminal's foreground group of a process; `null` where the system does not tell. */
function groupsOf(pid: number | 'self'): { group: string; terminal: string; foreground: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { group: fields[2] ?? '', terminal: fields[4] ?? '', foreground: fields[5] ?? '' };
  } catch {
    return null;
  }
}

/** Whether a process does anything of its own at a signal; taken for granted where the system does not tell. */
function catches(pid: number, name: Passed): boolean {
  try {
    const caught = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return (
      caught === undefined || ((BigInt(`0x${caught}`) >> BigInt(constants.signals[name] - 1)) & 1n) === 1n
    );
  } catch {
    return true;
  }
}
