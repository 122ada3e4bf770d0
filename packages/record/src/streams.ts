import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** Where the program's input comes from and where its output goes. */
export interface Streams {
  readonly stdio: StdioOptions;
  /** Is given the program right after its start; what it returns is awaited after the end. */
  readonly connect?: ((child: ChildProcess) => Promise<void>) | undefined;
  /** Why what went through could not be kept as a whole: a full disk. `null` if it was. */
  readonly lost?: (() => string | null) | undefined;
}

/** The program's streams are the caller's own: a terminal stays a terminal. */
export const inherited: Streams = { stdio: 'inherit' };

/** Files in `folder` that hold what a program read and printed. */
export function spooled(
  folder: string,
  run: string,
): { readonly stdin: string; readonly stdout: string; readonly stderr: string } {
  return {
    stdin: path.join(folder, 'stdin'),
    stdout: path.join(folder, `${run}-stdout`),
    stderr: path.join(folder, `${run}-stderr`),
  };
}

/**
 * Output passes on live, byte for byte, and is kept in `folder`; so is what the program read, to be read again.
 * With `pipes` of false only the input is kept, and output is the caller's own.
 *
 * Where stdin is a terminal, there is nothing that could be read twice: the program reads `/dev/null`.
 */
export function kept(folder: string, pipes: boolean): Streams {
  const files = spooled(folder, 'first');
  const copies: Copy[] = [];
  const copyTo = (file: string) => {
    const copy = new Copy(file);
    copies.push(copy);
    return copy;
  };
  const input = process.stdin.isTTY ? (pipes ? 'ignore' : 'inherit') : 'pipe';
  return {
    stdio: [input, pipes ? 'pipe' : 'inherit', pipes ? 'pipe' : 'inherit'],
    async connect(child) {
      const done: Promise<void>[] = [];
      if (child.stdin !== null) done.push(feed(child, child.stdin, copyTo(files.stdin)));
      if (child.stdout !== null) done.push(pass(child.stdout, process.stdout, copyTo(files.stdout)));
      if (child.stderr !== null) done.push(pass(child.stderr, process.stderr, copyTo(files.stderr)));
      await Promise.all(done);
    },
    lost: () => firstLoss(copies),
  };
}

/** The same input again, output hidden but kept for comparison. */
export function replayed(folder: string, run: string, compared: boolean): Streams {
  const files = spooled(folder, run);
  const copies: Copy[] = [];
  return {
    stdio: [
      process.stdin.isTTY ? 'ignore' : 'pipe',
      compared ? 'pipe' : 'ignore',
      compared ? 'pipe' : 'ignore',
    ],
    async connect(child) {
      const done: Promise<void>[] = [];
      if (child.stdin !== null) {
        const { stdin } = child;
        // A program need not read all that it is offered.
        stdin.on('error', () => {});
        const source = createReadStream(files.stdin);
        source.on('error', () => stdin.end());
        source.pipe(stdin);
        child.once('exit', () => source.destroy());
      }
      for (const name of ['stdout', 'stderr'] as const) {
        const source = child[name];
        if (source === null) continue;
        const copy = new Copy(files[name]);
        copies.push(copy);
        done.push(pass(source, null, copy));
      }
      await Promise.all(done);
    },
    lost: () => firstLoss(copies),
  };
}

/**
 * A file that what passes is copied to, at once, so that nothing piles up in memory. A disk that refuses ends
 * the copy, and the program goes on.
 */
class Copy {
  lost: string | null = null;
  #descriptor: number | null = null;

  constructor(file: string) {
    this.#try(() => {
      this.#descriptor = openSync(file, 'w', 0o600);
    });
  }

  write(chunk: Buffer): void {
    const descriptor = this.#descriptor;
    if (descriptor === null) return;
    this.#try(() => {
      for (let at = 0; at < chunk.length;) at += writeSync(descriptor, chunk, at);
    });
  }

  close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    if (descriptor !== null) closeSync(descriptor);
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.lost ??= error instanceof Error ? error.message : String(error);
      this.close();
    }
  }
}

function firstLoss(copies: readonly Copy[]): string | null {
  return copies.find(({ lost }) => lost !== null)?.lost ?? null;
}

/** Our stdin goes to the program and to a file, until either ends. */
function feed(child: ChildProcess, target: Writable, copy: Copy): Promise<void> {
  const source = process.stdin;
  target.on('error', () => {});
  const forward = (chunk: Buffer) => {
    copy.write(chunk);
    if (!target.write(chunk) && !target.destroyed) {
      source.pause();
      target.once('drain', () => source.resume());
    }
  };
  source.on('data', forward);
  const end = () => target.end();
  source.once('end', end);
  source.once('error', end);
  return new Promise((resolve) => {
    child.once('exit', () => {
      source.removeListener('data', forward);
      source.pause();
      // A pipe that stays open on the other side must not keep us waiting for its end.
      if ('unref' in source) source.unref();
      copy.close();
      resolve();
    });
  });
}

/** Output goes to a file and, if there is one, to a stream of ours, at the pace of the slower. */
function pass(source: Readable, shown: NodeJS.WriteStream | null, copy: Copy): Promise<void> {
  // Whoever read our output has gone: the program learns it the way it would without us.
  const gone = () => source.destroy();
  shown?.on('error', gone);
  return new Promise((resolve) => {
    source.on('data', (chunk: Buffer) => {
      copy.write(chunk);
      if (shown !== null && !shown.write(chunk)) {
        source.pause();
        shown.once('drain', () => source.resume());
      }
    });
    source.once('close', () => {
      shown?.removeListener('error', gone);
      copy.close();
      resolve();
    });
  });
}
