import type { RequestAborted } from '../engine/aborted.ts';
import type { AnswerWriter, Incoming } from '../engine/engine.ts';
import { hasNoBody } from '../http/answer-head.ts';
import { answerFields, declaredLength } from './answer-fields.ts';
import type { PythonWorker } from './python-worker.ts';

/** Who is told how an exchange goes on. */
export interface ExchangeHost {
  /** Nobody waits for the answer any more: the client left, or it took too long. */
  left(exchange: Exchange, why: RequestAborted['code']): void;
  /** Told what the application failed with. */
  report(line: string): void;
}

/** Status of an answer whose worker failed. */
const failure = 500;

/** One request on its way through Python: from the engine to a worker, and back. */
export class Exchange {
  readonly incoming: Incoming;
  /** As {@link requestHead} makes it. */
  readonly head: string;
  body: Uint8Array | null = null;
  /** Where it is; `null` while it waits. */
  worker: PythonWorker | null = null;
  /** Its name between here and there, and when it got it: by {@link ExchangeTable}. */
  number = 0;
  turn = 0;
  /** Ends what the application does too late. */
  late: NodeJS.Timeout | null = null;
  readonly #host: ExchangeHost;
  readonly #ended: (status: number) => void;
  #over = false;
  #status = 0;
  #writer: AnswerWriter | null = null;

  constructor(incoming: Incoming, head: string, host: ExchangeHost, ended: (status: number) => void) {
    this.incoming = incoming;
    this.head = head;
    this.#host = host;
    this.#ended = ended;
    incoming.onAbort = (reason) => this.#aborted(reason as RequestAborted);
  }

  /** Whether it is answered, or nobody waits for it. */
  get over(): boolean {
    return this.#over;
  }

  /** Reads the whole body: a slow client must not hold a process. Resolves when it is there, or will never be. */
  async readBody(): Promise<void> {
    try {
      this.body = await this.incoming.body!.collect();
    } catch (error) {
      // The connection has told of it already, or it tells now.
      const { status = failure, message } = error as Partial<RequestAborted>;
      if (this.#over) return;
      this.incoming.answer(status, plain, `${message}\n`);
      this.#end(status);
    }
  }

  /** `text` has the fields as {@link answerFields} reads them. */
  whole(status: number, text: string, body: string | Uint8Array): void {
    if (this.#over) return;
    try {
      checkStatus(status);
      let fields = answerFields(text);
      let given: string | Uint8Array | null = body;
      if (body.length === 0 || status === 205) {
        given = null;
        const length = this.incoming.method === 'HEAD' ? declaredLength(text) : null;
        if (length !== null) fields = [...fields, 'content-length', String(length)];
      }
      this.incoming.answer(status, fields as string[], given);
    } catch (error) {
      this.failed(String(error));
      return;
    }
    this.#end(status);
  }

  /** The head of an answer whose body follows, by {@link more} and {@link end}. */
  begin(status: number, text: string): void {
    if (this.#over) return;
    const { incoming, number } = this;
    try {
      checkStatus(status);
      const fields = answerFields(text) as string[];
      const writer = incoming.begin(status, fields, status === 205 ? 0 : declaredLength(text));
      this.#writer = writer;
      this.#status = status;
      if (incoming.method !== 'HEAD' && status !== 205 && !hasNoBody(status)) return;
      writer.end();
      this.#end(status);
      this.worker!.cancel(number);
    } catch (error) {
      this.failed(String(error));
      this.worker!.cancel(number);
    }
  }

  more(piece: Uint8Array): void {
    const { worker, number } = this;
    if (this.#over) return;
    if (this.#writer!.write(piece)) worker!.took(number, piece.length);
    else void this.#writer!.drained().then(() => worker!.took(number, piece.length));
  }

  end(): void {
    if (this.#over) return;
    if (this.#writer === null) {
      this.failed('it ended without an answer');
      return;
    }
    this.#writer.end();
    this.#end(this.#status);
  }

  failed(reason: string): void {
    this.#host.report(`the Python application failed: ${reason.trimEnd()}`);
    if (this.#over) return;
    if (this.#writer) {
      // Half an answer cannot be taken back: without its end the client knows.
      this.#writer.abort();
      this.#end(this.#status);
      return;
    }
    this.incoming.answer(failure, plain, 'internal error\n');
    this.#end(failure);
  }

  #aborted(reason: RequestAborted): void {
    if (this.#over) return;
    this.#end(reason.status);
    if (reason.code === 'TIME_LIMIT')
      this.incoming.answer(reason.status, [...plain, 'retry-after', '1'], `${reason.message}\n`);
    this.#host.left(this, reason.code);
  }

  #end(status: number): void {
    this.#over = true;
    this.incoming.onAbort = null;
    this.#ended(status);
  }
}

const plain = ['content-type', 'text/plain;charset=UTF-8'];

function checkStatus(status: number): void {
  if (status < 200 || status > 599)
    throw new RangeError(`${status} is no status of an answer: from 200 to 599`);
}
