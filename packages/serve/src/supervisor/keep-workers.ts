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
  #crashes: number[] = [];
  /** Workers that were to be replaced so far. */
  count = 0;

  constructor(options: ReplacementsOptions<W>) {
    this.#options = options;
  }

  /** For a worker that served for `lived` milliseconds. Never rejects. */
  async replace(lived: number): Promise<void> {
    this.count++;
    const { start, take, ending, report } = this.#options;
    let early = lived < settledAfter;
    const trying = retry({
      attempts: Infinity,
      wait: waitExponential({ initial: '200ms', max: '30s', jitter: 'equal' }),
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
        // The first that crashed is replaced at once; a second within seconds waits.
        if (attemptNumber === 1 && early && this.#crashedLately()) throw crashed;
        early = false;
        const [worker] = await allReady([start()], ending);
        take(worker!);
      });
    } catch (error) {
      if (!ending.aborted) report(`a worker could not be replaced: ${String(error)}`);
    }
  }

  /** Whether more workers crashed within a minute than one would by chance. */
  #crashedLately(): boolean {
    const now = performance.now();
    this.#crashes = [...this.#crashes.filter((time) => now - time < 60_000), now];
    return this.#crashes.length > this.#options.workers;
  }
}

const crashed = new Error('the last worker ended early');
