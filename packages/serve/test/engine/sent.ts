import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import type { EngineName, Incoming } from '../../src/engine/engine.ts';
import { typescriptEngine } from '../../src/engine/typescript/engine.ts';
import { type Limits, defaultLimits } from '../../src/limits.ts';
import { engineNamed } from './engines.ts';

/** What a connection made of the bytes that it was given. */
export interface Outcome {
  /** `'GET /path [body]'` for each request, then the status of a refusal if there was one. */
  readonly verdict: readonly (string | number)[];
  /** All that was answered, Latin-1. */
  readonly answers: string;
}

/** Sends pieces to an engine, each as one packet, and says what came of them. Several may be sent at once. */
export async function sent(
  engine: EngineName,
  pieces: readonly Buffer[],
  limits: Partial<Limits> = {},
): Promise<Outcome> {
  const taken = new Taken();
  const all = { ...defaultLimits, ...limits };
  const answers = await (engine === 'native' ? overSocket : inMemory)(all, pieces, taken);
  await taken.bodies;
  return { verdict: taken.verdict, answers };
}

/** Answers each request, and notes it. */
class Taken {
  readonly verdict: (string | number)[] = [];
  bodies = Promise.resolve();

  readonly onRefused = (status: number): void => void this.verdict.push(status);

  readonly onRequest = (incoming: Incoming): void => {
    const { verdict } = this;
    const { method, target, body } = incoming;
    const entry = `${method} ${target}`;
    const place = verdict.push(entry) - 1;
    if (!body) {
      incoming.answer(200, [], 'ok');
      return;
    }
    this.bodies = this.bodies
      .then(() => body.collect())
      .then(
        (bytes) => {
          verdict[place] = `${entry} [${Buffer.from(bytes).toString('latin1')}]`;
          incoming.answer(200, [], 'ok');
        },
        (error: { status?: number }) => {
          // A message that breaks a rule in its body was none, however much of it had come.
          verdict[place] = error.status ?? 0;
        },
      );
  };
}

/** The client's end of a connection without a network. */
class Pipe extends Duplex {
  answers = '';
  override _read(): void {
    // What the client sends is pushed.
  }
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.answers += chunk.toString('latin1');
    done();
  }
}

async function inMemory(limits: Limits, pieces: readonly Buffer[], taken: Taken): Promise<string> {
  const { onRequest, onRefused } = taken;
  const listener = await typescriptEngine.listen({
    where: 'handed',
    tls: null,
    limits,
    onRequest,
    onRefused,
  });
  const pipe = new Pipe({ allowHalfOpen: true });
  listener.adopt(pipe, 'http', '');
  for (const piece of pieces) {
    pipe.push(piece);
    // Each piece is a packet of its own.
    await turns(1);
  }
  // The handler of a body that came reads it in a few turns; what the server does then, in as many.
  await turns(4);
  pipe.destroy();
  await listener.close(0);
  return pipe.answers;
}

/** The native engine has its own sockets: what is written here can be read there in the next turn. */
async function overSocket(limits: Limits, pieces: readonly Buffer[], taken: Taken): Promise<string> {
  const shared = (open ??= sharedListener(limits));
  shared.users++;
  const { port } = (await shared.listener).address as { readonly port: number };
  // Each client has an address of its own, which tells whose request it is.
  clients++;
  const localAddress = `127.${1 + (clients >> 16)}.${(clients >> 8) & 255}.${clients & 255}`;
  shared.takers.set(localAddress, taken);
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true, allowHalfOpen: true });
  let answers = '';
  let closed = false;
  socket.on('data', (bytes: Buffer) => (answers += bytes.toString('latin1')));
  socket.on('error', () => undefined);
  socket.on('close', () => (closed = true));
  await new Promise((resolve) => socket.once('connect', resolve));
  for (const piece of pieces) {
    if (!closed) socket.write(piece);
    await turns(2);
  }
  // Done when nothing has come of it for a while.
  const state = () => `${taken.verdict.join()} ${answers.length} ${closed}`;
  for (let before = ''; before !== state();) {
    before = state();
    await turns(8);
  }
  socket.destroy();
  shared.takers.delete(localAddress);
  if (--shared.users === 0) {
    open = null;
    await (await shared.listener).close(0);
  }
  return answers;
}

/** One listener for all that are sent at once, with the same limits. */
let open: ReturnType<typeof sharedListener> | null = null;
let clients = 0;

function sharedListener(limits: Limits) {
  const takers = new Map<string, Taken>();
  const listener = engineNamed('native').listen({
    where: { port: 0, hostname: '127.0.0.1' },
    tls: null,
    limits,
    onRequest: (incoming) => takers.get(incoming.remoteAddress)?.onRequest(incoming),
    onRefused: (status, _reason, address) => takers.get(address)?.onRefused(status),
  });
  return { listener, takers, users: 0 };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}
