import type { Stats } from '../options.ts';

/** What a worker is told. */
export type ToWorker =
  /** Comes with the connection as its handle, or without where the worker is out of descriptors; numbered from 1 on. */
  | { readonly serve: 'connection'; readonly number: number }
  /** End the requests under way, at most so long. `patient`: an idle connection gets its next answer first. */
  | { readonly serve: 'drain'; readonly milliseconds: number; readonly patient: boolean }
  /** Open the access log again. */
  | { readonly serve: 'reopen' }
  /** The answer to `ask`. */
  | { readonly serve: 'answer'; readonly id: number; readonly stats?: Stats; readonly error?: string };

/** What a worker tells. */
export type FromWorker =
  | { readonly serve: 'ready' }
  | { readonly serve: 'failed'; readonly code: string; readonly message: string }
  /** Told to end: from here on it takes no connection, and the idle ones are closed where it is not patient. */
  | { readonly serve: 'draining' }
  /** The number of the last connection that came, and how many are open now. */
  | { readonly serve: 'load'; readonly taken: number; readonly open: number }
  /** Comes every second: a worker that is silent for long has hung. */
  | { readonly serve: 'alive'; readonly stats: Stats }
  | { readonly serve: 'ask'; readonly id: number; readonly what: 'stats' | 'stop' | 'reload' };

/** Between two `alive`, milliseconds. */
export const aliveEvery = 1000;

/** Tells a process that it is a worker; its value is the url that it serves. */
export const workerVariable = 'WHETSTONE_SERVE_WORKER';

/** Tells a worker that it accepts itself: its value is a `SharedPlace` as JSON. */
export const placeVariable = 'WHETSTONE_SERVE_PLACE';
