import { type BodySource, IncomingBody } from '../../http/incoming-body.ts';
import type { FieldList } from '../engine.ts';
import type { AnswerBuffer } from './answer-buffer.ts';
import { CREDIT } from './core.ts';

/** Bytes of a body that the core sends without being asked, and that its reader may leave waiting. */
const windowBytes = 64 * 1024;
/** Credit below this, bytes, is not worth a record. */
const worthwhileCredit = 16 * 1024;
/** Bytes of an unread body that the core drops to keep the connection. */
const droppedBytes = 64 * 1024;

/** A body that the core sends piece by piece, as far as its reader gives it credit. */
export class ComingBody implements BodySource {
  readonly body: IncomingBody;
  /** Nobody reads it any more, or an answer that has begun says all that there is to say. */
  #closed = false;
  #answerBegan = false;
  /** Bytes that are still to come, below 0 where only the end will tell. */
  #left: number;
  /** Bytes that the core may still send. */
  #credit = windowBytes;
  #owesContinue: boolean;
  readonly #answers: AnswerBuffer;
  readonly #connection: number;
  readonly #generation: number;

  /** `length` in bytes, below 0 where only the end will tell. */
  constructor(
    answers: AnswerBuffer,
    connection: number,
    generation: number,
    length: number,
    expectsContinue: boolean,
  ) {
    this.#answers = answers;
    this.#connection = connection;
    this.#generation = generation;
    this.#left = length;
    this.#owesContinue = expectsContinue;
    this.body = new IncomingBody(length < 0 ? null : length, this);
  }

  push(bytes: Buffer): void {
    this.#owesContinue = false;
    this.#credit -= bytes.length;
    if (this.#left > 0) this.#left -= bytes.length;
    this.body.push(bytes);
  }

  complete(trailers: FieldList): void {
    this.#left = 0;
    this.body.finish(trailers);
  }

  /** The reader waits for more: gives credit, and with the first sends `100 Continue`. */
  wanted(): void {
    if (this.#closed || this.body.complete) return;
    const credit = Math.max(0, windowBytes - this.#credit - this.body.waiting);
    if (credit < worthwhileCredit && !this.#owesContinue) return;
    if (this.#owesContinue && this.#answerBegan) return;
    this.#owesContinue = false;
    this.#credit += credit;
    this.#answers.mark(CREDIT, this.#connection, this.#generation, credit);
  }

  /** Whether the connection can be kept after an answer now, by what is still to come. */
  get keepable(): boolean {
    if (this.body.complete) return true;
    // A client that waits for `100 Continue` may send the body or not: nobody can tell what follows.
    return !this.#owesContinue && this.#left <= droppedBytes;
  }

  answerBegan(): void {
    this.#answerBegan = true;
  }

  close(): void {
    this.#closed = true;
  }
}
