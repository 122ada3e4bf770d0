import type WebSocket from 'ws';

/** A session with a program's inspector. */
export interface InspectorClient {
  /** Sends a command and returns its result. */
  post(method: string, params?: object): Promise<unknown>;
  on(method: string, listener: (params: unknown) => void): void;
  /** Settles when the program is gone, or we have left. */
  readonly closed: Promise<void>;
  close(): void;
}

/** Connects to an inspector's WebSocket. */
export async function connectInspector(url: string): Promise<InspectorClient> {
  const { default: Socket } = await import('ws');
  // A piece of a large program is one message.
  const socket: WebSocket = new Socket(url, { perMessageDeflate: false, maxPayload: 2 ** 30 });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  const pending = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  const listeners = new Map<string, (params: unknown) => void>();
  let last = 0;

  socket.on('message', (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Message;
    if (message.id === undefined) {
      if (message.method !== undefined) listeners.get(message.method)?.(message.params);
      return;
    }
    const call = pending.get(message.id);
    pending.delete(message.id);
    if (message.error !== undefined) call?.reject(new Error(message.error.message));
    else call?.resolve(message.result);
  });
  // An error is followed by the close, which says all.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      for (const { reject } of pending.values()) reject(new Error('The program has ended.'));
      pending.clear();
      resolve();
    });
  });

  return {
    post(method, params = {}) {
      return new Promise((resolve, reject) => {
        const id = ++last;
        pending.set(id, { resolve, reject });
        socket.send(JSON.stringify({ id, method, params }), (error) => {
          if (error === undefined || error === null) return;
          pending.delete(id);
          reject(error);
        });
      });
    },
    on(method, listener) {
      listeners.set(method, listener);
    },
    closed,
    close() {
      socket.close();
    },
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: { readonly message: string };
}
