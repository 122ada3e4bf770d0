import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
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
  stop(): void;
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

  const arrived = (name: Passed) => {
    interrupted = true;
    const since = Math.max(Date.now() - RECENT, explained.get(name) ?? 0);
    const wholeGroup = fromTerminal(name);
    if (!wholeGroup) {
      later(HEARD, () => {
        const heard = agents === null ? 0 : lastHeard(agents.folder, name);
        if (heard > since) explained.set(name, heard);
        else if (running()) {
          explained.set(name, Date.now() + HEARD);
          child.kill(name);
        }
      });
    }
    if (name === 'SIGQUIT' || agents === null) return;
    const { folder, figures } = agents;
    const stuck = () => {
      figures.look();
      return figures.processes.filter(
        (pid) =>
          (wholeGroup || pid === child.pid) &&
          isAlive(pid) &&
          existsSync(path.join(folder, `${pid}-0.jsonl`)) &&
          // Where the program listens, it alone decides.
          !existsSync(path.join(folder, 'listens', `${pid}-${name}`)),
      );
    };
    later(HEARD + ASK, () => {
      for (const pid of stuck()) {
        rescued.add(name);
        writeFileSync(path.join(folder, 'ask', `${pid}-${name}`), '');
      }
    });
    later(HEARD + KILL, () => {
      for (const pid of stuck()) {
        if (pid === child.pid) replaced = name;
        process.kill(pid, 'SIGKILL');
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
    stop() {
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
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [group, terminal, foreground] = [fields[2], fields[4], fields[5]];
    return terminal !== '0' && group === foreground;
  } catch {
    return process.stdin.isTTY;
  }
}
