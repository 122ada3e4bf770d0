import { Duplex } from 'node:stream';
import type { Incoming, Listener } from '../../src/engine/engine.ts';
import { typescriptEngine } from '../../src/engine/typescript/engine.ts';
import { type Limits, defaultLimits } from '../../src/limits.ts';

/** What a connection made of the bytes that it was given. */
export interface Outcome {
  /** `'GET /path [body]'` for each request, then the status of a refusal if there was one. */
  readonly verdict: readonly (string | number)[];
  /** All that was answered, Latin-1. */
  readonly answers: string;
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

/** Sends pieces to the TypeScript engine, each as one packet, and says what came of them. */
export async function sent(pieces: readonly Buffer[], limits: Partial<Limits> = {}): Promise<Outcome> {
  const verdict: (string | number)[] = [];
  let bodies = Promise.resolve();
  const onRequest = (incoming: Incoming): void => {
    const { method, target, body } = incoming;
    const entry = `${method} ${target}`;
    const place = verdict.push(entry) - 1;
    if (!body) {
      incoming.answer(200, [], 'ok');
      return;
    }
    bodies = bodies
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
  const listener: Listener = await typescriptEngine.listen({
    where: 'handed',
    tls: null,
    limits: { ...defaultLimits, ...limits },
    onRequest,
    onRefused: (status) => verdict.push(status),
  });
  const pipe = new Pipe({ allowHalfOpen: true });
  listener.adopt(pipe, 'http', '');
  for (const piece of pieces) {
    pipe.push(piece);
    // Each piece is a packet of its own.
    await new Promise(setImmediate);
  }
  // The handler of a body that came reads it in a few turns; what the server does then, in as many.
  for (let turn = 0; turn < 4; turn++) await new Promise(setImmediate);
  pipe.destroy();
  await listener.close(0);
  await bodies;
  return { verdict, answers: pipe.answers };
}
