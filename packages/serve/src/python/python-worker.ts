import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ServeError } from '../errors.ts';
import type { Exchange } from './exchange.ts';
import { ExchangeTable } from './exchange-table.ts';
import { FrameReader, FrameWriter, frames } from './frames.ts';

/** What a worker is started with. */
export interface PythonProgram {
  readonly python: string;
  /** `app.py:app`, its file absolute. */
  readonly target: string;
  /** Of a WSGI application: requests at once. */
  readonly threads: number;
}

const program = fileURLToPath(new URL('../../python/worker.py', import.meta.url));

/** For the last words after a process ended, milliseconds. */
const pipesAfterExit = 500;
/**
 * Requests that a WSGI process is given beyond its threads, where no other is free, so that it need not wait for us
 * between two. It gives back what it cannot begin within some milliseconds.
 */
const aheadAtMost = 16;
/** Milliseconds for which a process that gave something back gets nothing ahead, at first and at most. */
const firstPause = 100;
const longestPause = 10_000;
/** Bytes that came at once are made one text, where they are no more. */
const textBytes = 64 * 1024;

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
  /** When something came from it last; `performance.now()`. */
  heard = 0;
  readonly #child: ChildProcess;
  readonly #out: FrameWriter;
  /** What it has not answered. */
  readonly #exchanges = new ExchangeTable();
  /** Those of it that were waited for too long. */
  readonly #abandoned = new Set<number>();
  readonly #onFree: (returned: readonly Exchange[]) => void;
  #stderr = '';
  #alive = true;
  #pause = firstPause;
  #aheadFrom = 0;
  /** The bytes that were made a text last. */
  #textOf: Buffer | null = null;
  #text = '';

  /** `onFree` is called whenever it has less to do, with the requests that it never began. */
  constructor({ python, target, threads }: PythonProgram, onFree: (returned: readonly Exchange[]) => void) {
    this.#onFree = onFree;
    const child = spawn(python, ['-u', program, target, String(threads)], {
      stdio: ['ignore', 'inherit', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.pid = child.pid ?? 0;
    const channel = child.stdio[3] as Socket;
    channel.on('error', () => undefined);
    this.#out = new FrameWriter(channel);
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
          channel.destroy();
          end(code, signal);
        }, pipesAfterExit);
        child.on('close', () => clearTimeout(late));
      });
    });
    this.ready = new Promise((resolve, reject) => {
      const reader = new FrameReader((kind, number, bytes, start, end) => {
        if (kind !== frames.ready) {
          this.#onFrame(kind, number, bytes, start, end);
          return;
        }
        const about = JSON.parse(bytes.toString('utf8', start, end)) as {
          interface: 'wsgi' | 'asgi';
          atOnce: number;
        };
        this.interface = about.interface;
        this.atOnce = about.atOnce;
        this.readyAt = performance.now();
        serving = true;
        if (this.#stderr !== '') process.stderr.write(this.#stderr);
        resolve();
      });
      // Its process ends, or has ended: what it would be given now it would never begin.
      channel.on('close', () => (this.#alive = false));
      channel.on('end', () => (this.#alive = false));
      channel.on('data', (bytes: Buffer) => {
        this.heard = performance.now();
        const before = this.#exchanges.size;
        reader.add(bytes);
        this.#textOf = null;
        if (this.#exchanges.size < before) this.#onFree([]);
      });
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
        this.#onEnd(how);
      });
    });
    this.ready.catch(() => undefined);
  }

  /** Requests that it has. */
  get busy(): number {
    return this.#exchanges.size;
  }

  /** Whether it can begin one more now. */
  get free(): boolean {
    return this.#alive && this.#exchanges.size < this.atOnce;
  }

  /** Whether it may have one more before it can begin it. */
  get takesAhead(): boolean {
    return (
      this.#alive &&
      this.interface === 'wsgi' &&
      this.#exchanges.size < this.atOnce + aheadAtMost &&
      (this.#aheadFrom === 0 || performance.now() >= this.#aheadFrom)
    );
  }

  ask(exchange: Exchange): void {
    this.#exchanges.add(exchange);
    exchange.worker = this;
    this.#out.request(exchange.number, exchange.head, exchange.body);
  }

  /** The client took so many bytes: the application may send as many more. */
  took(number: number, bytes: number): void {
    if (this.#exchanges.get(number)) this.#out.short(frames.ack, number, bytes);
  }

  /** Nobody waits for this answer. */
  cancel(number: number): void {
    if (this.#exchanges.get(number)) this.#out.short(frames.cancel, number);
  }

  /**
   * This request was waited for long enough: a coroutine is cancelled. A thread cannot be: false where its process
   * is to be replaced, and is killed as soon as nothing else goes on in it.
   */
  abandon(number: number): boolean {
    if (!this.#exchanges.get(number)) return true;
    this.#out.short(frames.abandon, number);
    if (this.interface === 'asgi') return true;
    // Not begun: it will not be.
    if (!this.#begun().includes(number)) return true;
    this.#abandoned.add(number);
    this.#killIfStuck();
    return false;
  }

  ping(): void {
    this.#out.short(frames.ping, 0);
  }

  stop(): void {
    this.#out.short(frames.stop, 0);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** The requests that it has begun, at most: it begins in order, and tells of an end before it begins the next. */
  #begun(): number[] {
    return this.#exchanges
      .inOrder()
      .slice(0, this.atOnce)
      .map(({ number }) => number);
  }

  #killIfStuck(): void {
    if (this.#abandoned.size > 0 && this.#begun().every((number) => this.#abandoned.has(number))) this.kill();
  }

  #onEnd(how: string): void {
    this.#alive = false;
    const exchanges = this.#exchanges.inOrder();
    this.#exchanges.clear();
    for (const { late } of exchanges) if (late) clearTimeout(late);
    for (const exchange of exchanges.slice(0, this.atOnce))
      if (!exchange.over) exchange.failed(`its worker ended by ${how}`);
    this.#onFree(exchanges.slice(this.atOnce).filter(({ over }) => !over));
  }

  #onFrame(kind: number, number: number, bytes: Buffer, start: number, end: number): void {
    const exchange = this.#exchanges.get(number);
    if (!exchange) return;
    switch (kind) {
      case frames.whole:
      case frames.wholeAscii: {
        this.#done(number, exchange);
        const body = start + 6 + bytes.readUInt32LE(start + 2);
        const fields = this.#textIn(bytes, start + 6, body);
        const whole =
          kind === frames.wholeAscii && end - body <= textBytes
            ? this.#textIn(bytes, body, end)
            : bytes.subarray(body, end);
        exchange.whole(bytes.readUInt16LE(start), fields, whole);
        break;
      }
      case frames.head:
        exchange.begin(bytes.readUInt16LE(start), this.#textIn(bytes, start + 2, end));
        break;
      case frames.body:
        exchange.more(bytes.subarray(start, end));
        break;
      case frames.end:
        this.#done(number, exchange);
        exchange.end();
        break;
      case frames.failed:
        this.#done(number, exchange);
        exchange.failed(bytes.toString('utf8', start, end));
        break;
      case frames.returned:
        this.#done(number, exchange);
        this.#pauseAhead();
        exchange.worker = null;
        this.#onFree(exchange.over ? [] : [exchange]);
        break;
    }
  }

  #done(number: number, exchange: Exchange): void {
    this.#exchanges.delete(number);
    if (exchange.late) clearTimeout(exchange.late);
    if (this.#abandoned.size > 0) {
      this.#abandoned.delete(number);
      this.#killIfStuck();
    }
  }

  /** Longer each time, until it went well for a while. */
  #pauseAhead(): void {
    const now = performance.now();
    if (now < this.#aheadFrom) return;
    const wentWell = now - this.#aheadFrom > 10 * this.#pause;
    this.#pause = wentWell ? firstPause : Math.min(this.#pause * 2, longestPause);
    this.#aheadFrom = now + this.#pause;
  }

  /** Of what came at once all is made one text, and cut: that costs less than many small texts. */
  #textIn(bytes: Buffer, start: number, end: number): string {
    if (bytes.length > textBytes) return bytes.toString('latin1', start, end);
    if (bytes !== this.#textOf) {
      this.#textOf = bytes;
      this.#text = bytes.toString('latin1');
    }
    return this.#text.slice(start, end);
  }
}
