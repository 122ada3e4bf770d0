/** What went wrong, for programs: the stable part of a {@link ServeError}. */
export type ServeErrorCode =
  /** An option that is unknown, has a wrong value, or contradicts another. */
  | 'OPTION_WRONG'
  /** Another listens on this port or socket. */
  | 'ADDRESS_IN_USE'
  /** The system does not let us listen there. */
  | 'LISTEN_FAILED'
  /** Certificate and key cannot be read or do not fit. */
  | 'TLS_WRONG'
  /** The access log cannot be opened. */
  | 'LOG_UNWRITABLE'
  /** There is no such module or folder. */
  | 'MODULE_MISSING'
  /** The module fails when it is loaded, or has nothing to serve. */
  | 'MODULE_WRONG'
  /** The native engine was asked for, and cannot be had here. */
  | 'ENGINE_MISSING'
  /** No Python can be started. */
  | 'PYTHON_MISSING'
  /** A worker ended before it served. */
  | 'WORKER_FAILED'
  /** The server is stopping, or has stopped. */
  | 'STOPPED';

/** An error of the server that its user can put right. */
export class ServeError extends Error {
  override readonly name = 'ServeError';
  readonly code: ServeErrorCode;
  constructor(code: ServeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
