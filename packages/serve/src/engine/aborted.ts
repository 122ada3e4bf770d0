/** Why a request ended before its answer: the reason of `request.signal`, and what reading its body throws. */
export class RequestAborted extends Error {
  override readonly name = 'AbortError';
  /** `CLIENT_LEFT`, `TIME_LIMIT` (a limit of ours), `BAD_MESSAGE` (the rest broke a rule), or `STOPPED`. */
  readonly code: 'CLIENT_LEFT' | 'TIME_LIMIT' | 'BAD_MESSAGE' | 'STOPPED';
  /** What the client is answered with, where it still can be. */
  readonly status: number;
  constructor(code: RequestAborted['code'], message: string, status: number) {
    super(message);
    this.code = code;
    this.status = status;
  }
}
