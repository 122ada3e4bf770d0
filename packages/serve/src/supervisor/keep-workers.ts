import { retry, waitExponential } from '@whetstone/retry';
import { ServeError } from '../errors.ts';

/** A process that is started, serves, and ends. */
export interface Starting {
  /** Resolves when it serves. */
  readonly ready: Promise<void>;
  readonly ended: Promise<unknown>;
  kill(): void;
}

/** A worker that lived so long, milliseconds, was no part of a crash loop. */
const settledAfter = 10_000;
/** Milliseconds after which an early end is forgotten: more than the longest wait and a short life together. */
const forgottenAfter = 60_000;
/** Milliseconds before the first start that waits, and at most before any; doubled each time. */
const shortestWait = 200;
const longestWait = 30_000;

/** All of these, once they serve. @throws what the first failed with, or `STOPPED` once `ending`; none is left then */
export async function allReady<W extends Starting>(
  workers: readonly W[],
  ending: AbortSignal,
): Promise<readonly W[]> {
  const kill = () => {
    for (const worker of workers) worker.kill();
  };
  // Whoever stops the server does not wait for new workers to load.
  ending.addEventListener('abort', kill);
  try {
    await Promise.all(workers.map(({ ready }) => ready));
    ending.throwIfAborted();
    return workers;
  } catch (error) {
    kill();
    await Promise.all(workers.map(({ ended }) => ended));
    throw ending.aborted ? new ServeError('STOPPED', 'the server is stopping.') : error;
  } finally {
    ending.removeEventListener('abort', kill);
  }
}

/** What {@link Replacements} are made of. */
export interface ReplacementsOptions<W> {
  /** How many workers there are: so many may end early at once by chance. */
  readonly workers: number;
  readonly start: () => W;
  /** Gets each new worker once it serves. */
  readonly take: (worker: W) => void;
  readonly ending: AbortSignal;
  /** Told what happens, in a sentence. */
  readonly report: (line: string) => void;
}

/** Starts a worker for each that ended, however often it takes; slower and slower where they end early. */
export class Replacements<W extends Starting> {
  readonly #options: ReplacementsOptions<W>;
  /** Early ends in a row, and when the last was. */
  #early = 0;
  #lastEarly = 0;
  /** Workers that were to be replaced so far. */
  count = 0;

  constructor(options: ReplacementsOptions<W>) {
    this.#options = options;
  }

  /** For a worker that served for `lived` milliseconds. Never rejects. */
  async replace(lived: number): Promise<void> {
    this.count++;
    const { start, take, ending, report } = this.#options;
    // The first that end early are replaced at once, as one crash may take several with it; those after them wait.
    const slowed = lived < settledAfter ? Math.max(0, this.#endedEarly() - this.#options.workers) : 0;
    const trying = retry({
      attempts: Infinity,
      wait: waitExponential({
        initial: Math.min(longestWait, shortestWait * 2 ** Math.max(0, slowed - 1)),
        max: longestWait,
        jitter: 'equal',
      }),
      signal: ending,
      beforeSleep: ({ outcome, upcomingDelay }) => {
        if (outcome?.ok === false && outcome.error !== crashed)
          report(`a worker could not be started: ${(outcome.error as Error).message}`);
        report(
          `the next worker is started in ${(upcomingDelay / 1000).toFixed(1)} s, as the last ended early`,
        );
      },
    });
    try {
      await trying.run(async ({ attemptNumber }) => {
        if (attemptNumber === 1 && slowed > 0) throw crashed;
        const [worker] = await allReady([start()], ending);
        take(worker!);
      });
    } catch (error) {
      if (!ending.aborted) report(`a worker could not be replaced: ${String(error)}`);
    }
  }

  /** How many have ended early by now, one soon after the other. */
  #endedEarly(): number {
    const now = performance.now();
    if (now - this.#lastEarly > forgottenAfter) this.#early = 0;
    this.#lastEarly = now;
    this.#early++;
    return this.#early;
  }
}

const crashed = new Error('the last worker ended early');
