import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { IncomingBody } from '../http/incoming-body.ts';
import { platform } from './platform.ts';

/** What a body can be made of. */
export type BodyInit =
  | string
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | FormData
  | URLSearchParams
  | ReadableStream
  | globalThis.ReadableStream
  | AsyncIterable<Uint8Array | string>
  | null
  | undefined;

/** A body as it is kept. */
export type BodySource =
  | null
  | string
  | Uint8Array
  | Blob
  | ReadableStream
  | AsyncIterable<Uint8Array | string>
  | IncomingBody;

/** Takes the body out of a message, to be sent; it counts as used. @throws TypeError where it was used before */
export let takeSource: (message: Message) => BodySource;

/** What `Request` and `Response` share: a body that can be read once. */
export abstract class Message {
  #source: BodySource;
  #stream: ReadableStream<Uint8Array> | null = null;
  #used = false;

  static {
    takeSource = (message) => {
      const source = message.#source;
      if (source === null) return null;
      if (typeof source === 'string' && message.#stream === null && !message.#used) {
        message.#used = true;
        return source;
      }
      if (message.bodyUsed || message.#stream?.locked) throw new TypeError('the body was used already');
      message.#used = true;
      return message.#stream ?? message.#source;
    };
  }

  constructor(source: BodySource) {
    this.#source = source;
  }

  protected abstract contentType(): string | null;

  get body(): ReadableStream<Uint8Array> | null {
    if (this.#source === null) return null;
    this.#stream ??= streamOf(this.#source);
    return this.#stream;
  }

  get bodyUsed(): boolean {
    if (this.#used) return true;
    const stream = this.#stream ?? (this.#source instanceof ReadableStream ? this.#source : null);
    return stream !== null && Readable.isDisturbed(stream as never);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.bytes();
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.contentType() ?? '' });
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return plainBytes(await bytesOf(takeSource(this)));
  }

  /** Fields and files, of a `multipart/form-data` or an `application/x-www-form-urlencoded` body. */
  async formData(): Promise<FormData> {
    const type = this.contentType() ?? '';
    const bytes = await this.bytes();
    return await new (platform('Response'))(bytes, { headers: { 'content-type': type } }).formData();
  }

  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  async text(): Promise<string> {
    const source = takeSource(this);
    if (source === null) return '';
    if (typeof source === 'string') return source.replace(/^\ufeff/, '').toWellFormed();
    const bytes = await bytesOf(source);
    return decode(bytes);
  }

  /** Gives `copy` a body like this one. @throws TypeError where it was used */
  protected cloneInto<M extends Message>(copy: M): M {
    const source = this.#source;
    if (this.bodyUsed || this.#stream?.locked) throw new TypeError('a body that was used cannot be cloned');
    const repeatable =
      source === null || typeof source === 'string' || source instanceof Uint8Array || source instanceof Blob;
    if (this.#stream === null && repeatable) {
      (copy as Message).#source = source;
      return copy;
    }
    const [mine, theirs] = (this.#stream ?? streamOf(source!)).tee();
    this.#stream = mine as ReadableStream<Uint8Array>;
    this.#source = mine as ReadableStream<Uint8Array>;
    (copy as Message).#source = theirs as ReadableStream<Uint8Array>;
    return copy;
  }
}

const decoder = new TextDecoder();

function decode(bytes: Uint8Array): string {
  // `TextDecoder` drops a byte order mark, as the platform does; it costs more than a Buffer for a short text.
  if (bytes[0] === 0xef) return decoder.decode(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The same bytes as `Uint8Array`, not the subclass `Buffer`, whose `slice` is another. */
function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

async function bytesOf(source: BodySource): Promise<Uint8Array> {
  if (source === null) return new Uint8Array(0);
  if (typeof source === 'string') return Buffer.from(source);
  if (source instanceof Uint8Array) return source;
  if (source instanceof IncomingBody) return await source.collect();
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  const pieces: Uint8Array[] = [];
  for await (const piece of source as AsyncIterable<Uint8Array | string>) pieces.push(bytesOfPiece(piece));
  return Buffer.concat(pieces);
}

/** A piece of a stream as bytes. @throws TypeError where it is neither bytes nor text */
export function bytesOfPiece(piece: unknown): Uint8Array {
  if (piece instanceof Uint8Array) return piece;
  if (typeof piece === 'string') return Buffer.from(piece);
  if (ArrayBuffer.isView(piece)) return new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength);
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece);
  throw new TypeError('a body is made of bytes or text');
}

function streamOf(source: Exclude<BodySource, null>): ReadableStream<Uint8Array> {
  if (source instanceof ReadableStream) return source as ReadableStream<Uint8Array>;
  if (source instanceof Blob) return source.stream() as ReadableStream<Uint8Array>;
  if (typeof source === 'string' || source instanceof Uint8Array) {
    const bytes = typeof source === 'string' ? Buffer.from(source) : source;
    return new ReadableStream({
      type: 'bytes',
      start(controller) {
        if (bytes.length > 0) controller.enqueue(plainBytes(bytes).slice());
        controller.close();
      },
    }) as ReadableStream<Uint8Array>;
  }
  const next =
    source instanceof IncomingBody
      ? () => source.read()
      : ((iterator) => async () => {
          const { done, value } = await iterator.next();
          return done ? null : bytesOfPiece(value);
        })(source[Symbol.asyncIterator]());
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = await next();
        if (piece === null) controller.close();
        else if (piece.length > 0) controller.enqueue(plainBytes(piece));
      },
      async cancel() {
        if (source instanceof IncomingBody) source.drop();
        else await source[Symbol.asyncIterator]().return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

/** A body as it is kept, and the type that it brings. */
export function sourceOf(init: BodyInit): { source: BodySource; type: string | null } {
  if (init === null || init === undefined) return { source: null, type: null };
  if (typeof init === 'string') return { source: init, type: 'text/plain;charset=UTF-8' };
  if (init instanceof ReadableStream) return { source: checkedStream(init), type: null };
  if (ArrayBuffer.isView(init))
    return {
      source: Uint8Array.prototype.slice.call(
        new Uint8Array(init.buffer, init.byteOffset, init.byteLength),
      ) as Uint8Array,
      type: null,
    };
  if (init instanceof ArrayBuffer) return { source: new Uint8Array(init.slice(0)), type: null };
  if (init instanceof Blob) return { source: init, type: init.type || null };
  if (init instanceof URLSearchParams)
    return { source: String(init), type: 'application/x-www-form-urlencoded;charset=UTF-8' };
  if (init instanceof FormData) {
    const encoded = new (platform('Response'))(init);
    return { source: encoded.body as ReadableStream, type: encoded.headers.get('content-type') };
  }
  if (typeof init === 'object' && Symbol.asyncIterator in init)
    return { source: init as AsyncIterable<Uint8Array | string>, type: null };
  return { source: String(init), type: 'text/plain;charset=UTF-8' };
}

function checkedStream(stream: ReadableStream): ReadableStream {
  if (stream.locked || Readable.isDisturbed(stream as never))
    throw new TypeError('the stream was used already');
  return stream;
}
