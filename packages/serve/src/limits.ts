/** Bounds on what a client may ask for. Times in milliseconds, sizes in bytes; each one is an option. */
export interface Limits {
  /** Request line and fields together. */
  readonly headerBytes: number;
  /** Fields in one head. */
  readonly headerCount: number;
  /** One request's body. */
  readonly bodyBytes: number;
  /** From the first byte of a head to its last. */
  readonly headerTime: number;
  /** From the head to the last byte of the body. */
  readonly bodyTime: number;
  /** From one request to the next on a connection that is kept. */
  readonly idleTime: number;
  /** In which a client takes at least 64 KiB of an answer that waits for it, or all of it. */
  readonly sendTime: number;
  /** From a request to the head of its answer; the request is aborted then. */
  readonly handlerTime: number;
  /** Connections open at once, of one process. */
  readonly connections: number;
  /** Requests being handled at once, of one process. */
  readonly inFlight: number;
}

/**
 * What holds where an option says nothing else.
 *
 * A head of 16 KiB and 100 fields is what most servers take (nginx 32 KiB, Go 1 MiB, Node 16 KiB). 10 s for a
 * head and 60 s for a body let the slowest honest client through and end a Slowloris; 1,024 requests in flight
 * are far beyond what one core answers in time.
 */
export const defaultLimits: Limits = {
  headerBytes: 16 * 1024,
  headerCount: 100,
  bodyBytes: 16 * 1024 * 1024,
  headerTime: 10_000,
  bodyTime: 60_000,
  idleTime: 60_000,
  sendTime: 30_000,
  handlerTime: 60_000,
  connections: 16_384,
  inFlight: 1024,
};
