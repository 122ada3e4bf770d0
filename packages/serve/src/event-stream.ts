import { Response } from './fetch/response.ts';

/** One event for the browser's `EventSource`. A text is the data of a `message`. */
export type ServerSentEvent =
  | string
  | {
      readonly data?: string;
      readonly event?: string;
      readonly id?: string;
      /** Milliseconds after which the browser connects again. */
      readonly retry?: number;
    };

/** What {@link eventStream} takes beside the events. */
export interface EventStreamOptions {
  /** Milliseconds without an event after which a comment is sent, so that no proxy takes the stream for dead. Default 15 s. */
  readonly heartbeat?: number;
}

/**
 * Answers with server-sent events, as they come. When the client leaves, the iterator's `return` is called.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  { heartbeat = 15_000 }: EventStreamOptions = {},
): globalThis.Response {
  const pieces = new Pieces(events[Symbol.asyncIterator](), heartbeat);
  return new Response(pieces, {
    headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
  }) as unknown as globalThis.Response;
}

class Pieces implements AsyncIterable<string>, AsyncIterator<string> {
  readonly #events: AsyncIterator<ServerSentEvent>;
  readonly #heartbeat: number;
  #next: Promise<IteratorResult<ServerSentEvent>> | null = null;

  constructor(events: AsyncIterator<ServerSentEvent>, heartbeat: number) {
    this.#events = events;
    this.#heartbeat = heartbeat;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<string, undefined>> {
    this.#next ??= this.#events.next();
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, this.#heartbeat, null);
    });
    try {
      const result = await Promise.race([this.#next, silence]);
      if (result === null) return { done: false, value: ':\n\n' };
      this.#next = null;
      return result.done ? { done: true, value: undefined } : { done: false, value: eventText(result.value) };
    } finally {
      clearTimeout(timer);
    }
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    await this.#events.return?.();
    return { done: true, value: undefined };
  }
}

/** @throws TypeError where a name or an id holds a line break, which would make another event of it */
function eventText(event: ServerSentEvent): string {
  const { data, event: name, id, retry } = typeof event === 'string' ? { data: event } : event;
  let text = '';
  if (name !== undefined) text += `event: ${oneLine('event', name)}\n`;
  if (id !== undefined) text += `id: ${oneLine('id', id)}\n`;
  if (retry !== undefined) text += `retry: ${Math.max(0, Math.trunc(retry))}\n`;
  if (data !== undefined) for (const line of data.split(/\r\n|\r|\n/)) text += `data: ${line}\n`;
  return `${text}\n`;
}

function oneLine(field: string, text: string): string {
  if (/[\r\n\0]/.test(text)) throw new TypeError(`the ${field} of an event cannot hold a line break`);
  return text;
}
