import type { AnswerWriter, FieldList } from '../engine.ts';
import type { AnswerBuffer } from './answer-buffer.ts';
import { ANSWER, LAST_ANSWER, PIECE, PIECE_AND_TELL } from './core.ts';

/** Bytes of an answer after which its writer asks to be told when they are out. */
const unsentBytes = 64 * 1024;

/** What a writer needs of the request that it answers. */
export interface Answered {
  readonly connection: number;
  readonly generation: number;
  /** The answer is complete. */
  finish(): void;
  /** Cuts the connection. */
  cut(): void;
}

/** The body of an answer, as records. */
export class NativeWriter implements AnswerWriter {
  open = true;
  readonly #answers: AnswerBuffer;
  readonly #request: Answered;
  readonly #keep: boolean;
  readonly #framing: 'length' | 'chunked' | 'close' | 'none';
  #left: number;
  /** Bytes written since the core last said that few wait, whether it has, and who waits for it. */
  #unsent = 0;
  #told = true;
  #waiting: (() => void)[] = [];

  /** `left`: bytes that were announced, where the framing is `length`. */
  constructor(
    answers: AnswerBuffer,
    request: Answered,
    keep: boolean,
    framing: 'length' | 'chunked' | 'close' | 'none',
    left: number,
  ) {
    this.#answers = answers;
    this.#request = request;
    this.#keep = keep;
    this.#framing = framing;
    this.#left = left;
  }

  write(chunk: string | Uint8Array): boolean {
    if (!this.open) return false;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    if (bytes.length === 0 || this.#framing === 'none') return true;
    if (this.#framing === 'length') {
      this.#left -= bytes.length;
      if (this.#left < 0) {
        // More than was announced would be read as the next answer.
        this.#request.cut();
        return false;
      }
    }
    this.#unsent += bytes.length;
    const ask = this.#told && this.#unsent >= unsentBytes;
    if (ask) this.#told = false;
    const { connection, generation } = this.#request;
    const chunked = this.#framing === 'chunked';
    this.#answers.piece(
      ask ? PIECE_AND_TELL : PIECE,
      connection,
      generation,
      chunked ? `${bytes.length.toString(16)}\r\n` : '',
      bytes,
      chunked ? '\r\n' : '',
    );
    return this.#told;
  }

  drained(): Promise<void> {
    if (!this.open || this.#told) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  end(trailers: FieldList = []): void {
    if (!this.open) return;
    if (this.#framing === 'length' && this.#left > 0) {
      // Less than was announced: the client must not wait for it, nor take the next answer for it.
      this.#request.cut();
      return;
    }
    let end = '';
    if (this.#framing === 'chunked') {
      end = '0\r\n';
      for (let i = 0; i < trailers.length; i += 2) end += `${trailers[i]}: ${trailers[i + 1]}\r\n`;
      end += '\r\n';
    }
    const { connection, generation } = this.#request;
    this.#answers.text(this.#keep ? ANSWER : LAST_ANSWER, connection, generation, end);
    this.#request.finish();
  }

  abort(): void {
    if (this.open) this.#request.cut();
  }

  // ---- what the core says

  writable(): void {
    this.#unsent = 0;
    this.#told = true;
    this.#wake();
  }

  close(): void {
    this.open = false;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
