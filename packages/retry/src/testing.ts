import { type Duration, milliseconds, type Milliseconds } from './duration.ts';
import type { Clock } from './retry-options.ts';
import { KEY, testSwitch, type TestSwitch } from './test-switch.ts';

/**
 * Sleeps take no time until the `Disposable` is disposed of; delays are still computed, reported and
 * counted as elapsed, so that what stops a call stops it in a test, too.
 */
export function skipSleeps(): Disposable {
  return switched({ skip: turn });
}

/** Every wrapped function is called once until the `Disposable` is disposed of. */
export function disableRetries(): Disposable {
  return switched({ disabled: true });
}

/** A clock that moves only when told; `sleep` resolves as it passes. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #sleepers = new Set<{ readonly due: Milliseconds; readonly wake: () => void }>();

  /** How far the clock was moved. */
  now(): Milliseconds {
    return this.#now;
  }

  /** Resolves when the clock is moved to its end, or past; a sleep of 0 does at once. */
  sleep(duration: Milliseconds, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (duration <= 0) return resolve();
      const leave = () => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        leave();
        reject(signal!.reason);
      };
      const sleeper = {
        due: this.#now + duration,
        wake: () => {
          leave();
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', abort);
    });
  }

  /**
   * Moves the clock. Wakes sleepers in the order of their times, each at its own, and lets what
   * follows happen before the next: a sleep that begins meanwhile and ends in time is part of it.
   */
  async advance(by: Duration): Promise<void> {
    const end = this.#now + milliseconds('advance', by);
    for (;;) {
      await turn();
      let next: { readonly due: Milliseconds; readonly wake: () => void } | undefined;
      for (const sleeper of this.#sleepers) {
        if (sleeper.due <= end && !(next && next.due <= sleeper.due)) next = sleeper;
      }
      if (!next) break;
      this.#now = Math.max(this.#now, next.due);
      next.wake();
    }
    this.#now = Math.max(this.#now, end);
  }
}

/** Lets all promises that can settle do so. Not by a timer: a test may have put its own in place. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const arrived = () => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', arrived);
    port1.start();
    port2.postMessage(undefined);
  });
}

function switched(change: Partial<TestSwitch>): Disposable {
  const current = testSwitch() ?? { skip: undefined, disabled: false, changes: [] };
  (globalThis as Record<symbol, unknown>)[KEY] = current;
  const { changes } = current;
  const apply = () => Object.assign(current, { skip: undefined, disabled: false }, ...changes);
  changes.push(change);
  apply();
  // Where a runtime lacks the symbol, what lowers `using` looks for it under this name.
  const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  return {
    [dispose]() {
      // Others may have been made since: those stay in force.
      const at = changes.indexOf(change);
      if (at >= 0) changes.splice(at, 1);
      apply();
    },
  };
}
