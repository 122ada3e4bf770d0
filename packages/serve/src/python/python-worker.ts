import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ServeError } from '../errors.ts';
import { FrameReader, frame, frames } from './frames.ts';

/** What a Python worker is asked. */
export interface PythonRequest {
  readonly head: Uint8Array;
  readonly body: Uint8Array;
}

/** Who waits for an answer. `more` gets the body's pieces after `head`; each is acknowledged by {@link PythonWorker.took}. */
export interface PythonAnswer {
  whole(status: number, headers: [string, string][], body: Buffer): void;
  head(status: number, headers: [string, string][]): void;
  more(piece: Buffer): void;
  end(): void;
  failed(reason: string): void;
}

const program = fileURLToPath(new URL('../../python/worker.py', import.meta.url));

/** For the last words after a process ended, milliseconds. */
const pipesAfterExit = 500;

/** One Python process with the application. */
export class PythonWorker {
  readonly pid: number;
  /** Resolves when it serves. @throws {@link ServeError} `MODULE_WRONG`, `PYTHON_MISSING` */
  readonly ready: Promise<void>;
  /** Resolves with how it ended: `exit code 1`, `signal SIGKILL`. */
  readonly ended: Promise<string>;
  /** Requests that it takes at once. */
  atOnce = 0;
  interface: 'wsgi' | 'asgi' = 'wsgi';
  readyAt = Number.NaN;
  leaving = false;
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #answers = new Map<number, PythonAnswer>();
  #number = 0;
  #stderr = '';

  constructor(python: string, target: string) {
    const child = spawn(python, ['-u', program, target], { stdio: ['ignore', 'inherit', 'pipe', 'pipe'] });
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#channel = child.stdio[3] as Duplex;
    this.#channel.on('error', () => undefined);
    let serving = false;
    // What is said before it serves belongs to the error; afterwards it is the application's own.
    child.stderr!.on('data', (bytes: Buffer) => {
      if (serving) process.stderr.write(bytes);
      else this.#stderr += String(bytes);
    });
    let missing: Error | null = null;
    this.ended = new Promise((resolve) => {
      child.on('error', (error) => {
        missing = error;
        resolve('exit code 127');
      });
      const end = (code: number | null, signal: NodeJS.Signals | null) =>
        resolve(signal ? `signal ${signal}` : `exit code ${code}`);
      child.on('close', end);
      // What the application started itself may hold our pipes open: that must keep nobody waiting.
      child.on('exit', (code, signal) => {
        const late = setTimeout(() => {
          child.stderr!.destroy();
          this.#channel.destroy();
          end(code, signal);
        }, pipesAfterExit);
        child.on('close', () => clearTimeout(late));
      });
    });
    this.ready = new Promise((resolve, reject) => {
      const reader = new FrameReader((kind, number, payload) => {
        if (kind !== frames.ready) {
          this.#onFrame(kind, number, payload);
          return;
        }
        const about = JSON.parse(payload.toString()) as { interface: 'wsgi' | 'asgi'; atOnce: number };
        this.interface = about.interface;
        this.atOnce = about.atOnce;
        this.readyAt = performance.now();
        serving = true;
        if (this.#stderr !== '') process.stderr.write(this.#stderr);
        resolve();
      });
      this.#channel.on('data', (bytes: Buffer) => reader.add(bytes));
      void this.ended.then((how) => {
        const last = this.#stderr.trim().split('\n').at(-1) ?? '';
        reject(
          missing
            ? new ServeError('PYTHON_MISSING', `'${python}' cannot be started: ${missing.message}.`)
            : new ServeError(
                'MODULE_WRONG',
                `${target} fails when it is loaded: ${last === '' ? how : last}.`,
              ),
        );
        for (const answer of this.#answers.values()) answer.failed(`its worker ended by ${how}`);
        this.#answers.clear();
      });
    });
    this.ready.catch(() => undefined);
  }

  /** Requests that it has. */
  get busy(): number {
    return this.#answers.size;
  }

  ask({ head, body }: PythonRequest, answer: PythonAnswer): number {
    this.#number = (this.#number % 0xffff_ffff) + 1;
    this.#answers.set(this.#number, answer);
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32LE(head.length);
    this.#send(frame(frames.request, this.#number, length, head, body));
    return this.#number;
  }

  /** The client took so many bytes: the application may send as many more. */
  took(number: number, bytes: number): void {
    if (!this.#answers.has(number)) return;
    const payload = Buffer.allocUnsafe(4);
    payload.writeUInt32LE(bytes);
    this.#send(frame(frames.ack, number, payload));
  }

  cancel(number: number): void {
    if (this.#answers.has(number)) this.#send(frame(frames.cancel, number));
  }

  stop(): void {
    this.leaving = true;
    this.#send(frame(frames.stop, 0));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #out: Buffer[] = [];

  // What one turn asks goes out in one write.
  #send(bytes: Buffer): void {
    if (this.#out.length === 0)
      queueMicrotask(() => {
        const out = this.#out;
        this.#out = [];
        if (!this.#channel.destroyed) this.#channel.write(out.length === 1 ? out[0]! : Buffer.concat(out));
      });
    this.#out.push(bytes);
  }

  #onFrame(kind: number, number: number, payload: Buffer): void {
    const answer = this.#answers.get(number);
    if (!answer) return;
    switch (kind) {
      case frames.whole: {
        const length = payload.readUInt32LE(0);
        const [status, headers] = headIn(payload.subarray(4, 4 + length));
        this.#answers.delete(number);
        answer.whole(status, headers, payload.subarray(4 + length));
        break;
      }
      case frames.head:
        answer.head(...headIn(payload));
        break;
      case frames.body:
        answer.more(payload);
        break;
      case frames.end:
        this.#answers.delete(number);
        answer.end();
        break;
      case frames.failed:
        this.#answers.delete(number);
        answer.failed(payload.toString());
        break;
    }
  }
}

function headIn(payload: Buffer): [number, [string, string][]] {
  return JSON.parse(payload.toString()) as [number, [string, string][]];
}
