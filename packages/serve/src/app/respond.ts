import type { Incoming } from '../engine/engine.ts';
import { hasNoBody } from '../http/answer-head.ts';
import { IncomingBody } from '../http/incoming-body.ts';
import { fieldOf } from '../http/fields.ts';
import { fieldListOf } from '../fetch/headers.ts';
import { type BodySource, bytesOfPiece, takeSource } from '../fetch/message.ts';
import { platform } from '../fetch/platform.ts';
import { Response, isResponse, responseFields } from '../fetch/response.ts';

/** Sends nothing but what is there at once; `undefined` where the body comes bit by bit. */
export function respondNow(incoming: Incoming, response: Response): boolean {
  const source = takeSource(response);
  if (source !== null && typeof source !== 'string' && !(source instanceof Uint8Array)) {
    pending.set(response, source);
    return false;
  }
  incoming.answer(response.status, responseFields(response), source);
  return true;
}

// A body that was taken out of its response and is not sent yet.
const pending = new WeakMap<Response, Exclude<BodySource, null | string | Uint8Array>>();

/**
 * Sends a body that comes bit by bit, as fast as the client takes it. Resolves when it is out, or the client left.
 *
 * @throws what the body threw; the connection is cut then, as half an answer cannot be taken back
 */
export async function respondBitByBit(incoming: Incoming, response: Response): Promise<void> {
  const source = pending.get(response)!;
  pending.delete(response);
  const fields = responseFields(response);
  const declared = Number(fieldOf(fields, 'content-length') ?? Number.NaN);
  const length =
    source instanceof Blob ? source.size : Number.isSafeInteger(declared) && declared >= 0 ? declared : null;
  if (incoming.method === 'HEAD' || hasNoBody(response.status)) {
    incoming.begin(response.status, fields, length).end();
    await cancel(source);
    return;
  }
  const pieces = piecesOf(source);
  const writer = incoming.begin(response.status, fields, length);
  incoming.onAbort = () => {
    pieces.return?.().catch(() => undefined);
  };
  try {
    while (writer.open) {
      const { done, value } = await pieces.next();
      if (done) {
        writer.end();
        return;
      }
      if (!writer.write(bytesOfPiece(value))) await writer.drained();
    }
    await pieces.return?.();
  } catch (error) {
    const left = !writer.open;
    writer.abort();
    await pieces.return?.().catch(() => undefined);
    if (!left) throw error;
  }
}

type Pieces = AsyncIterator<unknown> & { return?(): Promise<unknown> };

/** Like a stream's own iterator, whose `return` would wait for a read that is under way. */
function piecesOf(source: Exclude<BodySource, null | string | Uint8Array>): Pieces {
  if (source instanceof IncomingBody) {
    return {
      next: async () => {
        const value = await source.read();
        return value === null ? { done: true, value: undefined } : { done: false, value };
      },
    };
  }
  const stream = source instanceof Blob ? source.stream() : source;
  if ('getReader' in stream) {
    const reader = (stream as ReadableStream<unknown>).getReader();
    return {
      next: async () => {
        const { done, value } = await reader.read();
        return done ? { done: true, value: undefined } : { done: false, value };
      },
      return: async () => {
        await reader.cancel();
        return { done: true, value: undefined };
      },
    };
  }
  return stream[Symbol.asyncIterator]() as Pieces;
}

async function cancel(source: Exclude<BodySource, null | string | Uint8Array>): Promise<void> {
  if (source instanceof IncomingBody || source instanceof Blob) return;
  await piecesOf(source)
    .return?.()
    .catch(() => undefined);
}

/** Ours of what a handler gave: ours, or the platform's, as `fetch` returns it. `null` where it is neither. */
export function responseOf(value: unknown): Response | null {
  if (isResponse(value)) return value;
  if (typeof value !== 'object' || value === null || !(value instanceof platform('Response'))) return null;
  if (value.status < 200) return null;
  const fields = fieldListOf(value.headers);
  // `fetch` has undone the coding: what it says of it is not true of this body.
  const decoded = value.url !== '' && value.headers.has('content-encoding');
  const response = new Response(value.body as never, { status: value.status });
  const list = responseFields(response);
  list.length = 0;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (decoded && (name === 'content-encoding' || name === 'content-length')) continue;
    list.push(name, fields[i + 1]!);
  }
  return response;
}
