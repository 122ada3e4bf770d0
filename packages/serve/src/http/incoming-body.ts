/** What a body asks of the connection that brings it. */
export interface BodySource {
  /** Somebody reads: send `100 Continue` where it is waited for, go on reading. */
  wanted(): void;
}

/** Bytes that may wait in a body for its reader before the connection stops reading. */
const waitingBytes = 64 * 1024;

/**
 * The body of one request, between the connection that brings it and the handler that may read it.
 *
 * It can be read once: whole by {@link collect}, or piece by piece by {@link read}.
 */
export class IncomingBody {
  /** In bytes where `Content-Length` said so. */
  readonly length: number | null;
  /** Trailer fields, once the body is complete. */
  trailers: readonly string[] = [];
  /** Whether somebody began to read it. */
  used = false;

  readonly #source: BodySource | null;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #complete = false;
  #error: Error | null = null;
  #wake: (() => void) | null = null;

  constructor(length: number | null, source: BodySource | null) {
    this.length = length;
    this.#source = source;
  }

  /** A body that is all there. */
  static whole(bytes: Uint8Array): IncomingBody {
    const body = new IncomingBody(bytes.length, null);
    body.#waiting.push(bytes);
    body.#waitingBytes = bytes.length;
    body.#complete = true;
    return body;
  }

  /** Whether the last byte has come, or never will. */
  get complete(): boolean {
    return this.#complete || this.#error !== null;
  }

  /** True where the connection should stop reading for now. */
  get full(): boolean {
    return this.#waitingBytes >= waitingBytes;
  }

  /** Bytes that came and are not read. */
  get waiting(): number {
    return this.#waitingBytes;
  }

  /** For the connection: a piece came. */
  push(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#awake();
  }

  /** For the connection: that was all. */
  finish(trailers: readonly string[] = []): void {
    this.#complete = true;
    this.trailers = trailers;
    this.#awake();
  }

  /** For the connection: the rest will not come. */
  fail(error: Error): void {
    if (this.complete) return;
    this.#error = error;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#awake();
  }

  /** For the connection: nobody will read the rest. */
  drop(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /**
   * The next piece, or `null` behind the last.
   *
   * @throws what ended the body early: the client left, broke a rule or a limit
   */
  async read(): Promise<Uint8Array | null> {
    this.used = true;
    for (;;) {
      const piece = this.#waiting.shift();
      if (piece) {
        this.#waitingBytes -= piece.length;
        if (!this.#complete) this.#source?.wanted();
        return piece;
      }
      if (this.#error) throw this.#error;
      if (this.#complete) return null;
      this.#source?.wanted();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** All of it. @throws as {@link read} does */
  async collect(): Promise<Uint8Array> {
    this.used = true;
    if (this.#complete && this.#waiting.length === 1) return this.#waiting.pop()!;
    const pieces: Uint8Array[] = [];
    for (let piece = await this.read(); piece; piece = await this.read()) pieces.push(piece);
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
  }

  #awake(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }
}
