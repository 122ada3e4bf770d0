import { numberWithin } from './duration.ts';

/**
 * A token bucket that many callers share, so that together they cannot storm a service that is down.
 * A retry takes a token, a success puts `perSuccess` back; without a token there is no retry.
 */
export interface RetryBudget {
  /** In the bucket now. */
  readonly tokens: number;
}

/** What a call does with a {@link RetryBudget}; nothing that a caller needs. */
export interface Bucket extends RetryBudget {
  /** Whether there was a token; takes it. */
  take(): boolean;
  /** After a success. */
  put(): void;
}

// Ten tenths of a token must make one: counted in whole millionths, not in binary fractions.
const TOKEN = 1e6;

/**
 * A full bucket. Defaults: capacity 10, 0.1 per success, as gRPC's retry throttling.
 *
 * @see https://github.com/grpc/proposal/blob/master/A6-client-retries.md#throttling-retry-attempts-and-hedged-rpcs
 */
export function retryBudget(options: { capacity?: number; perSuccess?: number } = {}): RetryBudget {
  const capacity = numberWithin('capacity', options.capacity ?? 10, 1, 'a finite number from 1') * TOKEN;
  const perSuccess = Math.round(
    numberWithin('perSuccess', options.perSuccess ?? 0.1, 0, 'a finite number from 0') * TOKEN,
  );
  let millionths = capacity;
  const bucket: Bucket = {
    get tokens() {
      return millionths / TOKEN;
    },
    take() {
      if (millionths < TOKEN) return false;
      millionths -= TOKEN;
      return true;
    },
    put() {
      millionths = Math.min(capacity, millionths + perSuccess);
    },
  };
  return bucket;
}
