import { readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { Block, type ProcessMemory } from './process-memory.ts';
import { SocketNames } from './python-waits-sockets.ts';
import { syscallMeaning, type SyscallMeaning } from './python-waits-syscalls.ts';
import type { RawPythonWait } from './raw-python.ts';

/** A function on the stack of a thread that waits. */
export interface WaitingFrame {
  readonly fileName: string;
  readonly qualifiedName: string;
}

/** The system call in which a thread sleeps. */
export interface Syscall {
  /** -1 outside of any: a page that is read from a disk. */
  readonly number: number;
  readonly arguments: readonly number[];
}

/** Of a thread that sleeps, where the system does not tell in what. */
export const unknownSyscall: Syscall = { number: -2, arguments: [] };

/** Most descriptors that a wait on many names. */
const MOST_NAMED = 3;
/** Most descriptors of one wait that are looked at. */
const MOST_DESCRIPTORS = 64;

/** Reads the text of `/proc/PID/task/TID/syscall`; `null` where the thread runs. */
export function parseSyscall(text: string): Syscall | null {
  const [number = '', ...words] = text.trim().split(' ');
  if (!/^-?\d+$/.test(number)) return null;
  return { number: Number(number), arguments: words.slice(0, 6).map(Number) };
}

/** Names the waits of the threads of one process. */
export class WaitNames {
  readonly #pid: number;
  readonly #memory: ProcessMemory | null;
  readonly #sockets: SocketNames;
  readonly #block = new Block(4096);

  /** `memory` is `null` where it cannot be read: then files by name and sets of descriptors stay unnamed. */
  constructor(pid: number, memory: ProcessMemory | null) {
    this.#pid = pid;
    this.#memory = memory;
    this.#sockets = new SocketNames(pid);
  }

  /** Names a wait in a system call; `stack` is innermost first. */
  name(syscall: Syscall, stack: readonly WaitingFrame[]): RawPythonWait {
    if (syscall === unknownSyscall) return { kind: 'other', call: '', target: '' };
    if (syscall.number === -1) return { kind: 'memory', call: 'page fault', target: '' };
    const meaning = syscallMeaning(syscall.number, process.arch);
    const [first = 0, second = 0, third = 0, fourth = 0] = syscall.arguments;
    switch (meaning.waits) {
      case 'descriptor':
        return this.#onDescriptor(meaning.call, first);
      case 'path':
        return {
          kind: 'file',
          call: meaning.call,
          target: this.#textAt(syscall.arguments[meaning.path ?? 0] ?? 0),
        };
      case 'poll':
        return this.#onMany(meaning, this.#polled(first, second), signed(third));
      case 'select':
        return this.#onMany(meaning, this.#selected(first, [second, third, fourth]), -1);
      case 'epoll':
        return this.#onMany(meaning, this.#watched(first), signed(fourth));
      case 'sleep':
        return { kind: 'sleep', call: meaning.call, target: '' };
      case 'futex':
        return { kind: 'lock', call: lockCall(stack), target: '' };
      case 'child':
        return {
          kind: 'child',
          call: 'wait',
          target: this.#commandOf(signed(meaning.call === 'waitid' ? second : first)),
        };
      case 'start':
        return { kind: 'child', call: meaning.call, target: '' };
      default:
        return { kind: meaning.waits, call: meaning.call, target: '' };
    }
  }

  #onDescriptor(call: string, descriptor: number): RawPythonWait {
    const { kind, target } = this.#describe(descriptor);
    const isSocket = kind === 'socket';
    return {
      kind,
      call: isSocket && call === 'read' ? 'recv' : isSocket && call === 'write' ? 'send' : call,
      target,
    };
  }

  #onMany(meaning: SyscallMeaning, descriptors: readonly number[] | null, timeout: number): RawPythonWait {
    const { call } = meaning;
    if (descriptors === null) return { kind: 'poll', call, target: '' };
    const named = descriptors.map((descriptor) => this.#describe(descriptor));
    // A pair of sockets without names wakes an event loop from within: nobody outside is waited for.
    const outside = named
      .filter(({ kind, target }) => kind !== 'socket' || target !== '')
      .filter(({ kind }) => kind !== 'other');
    if (outside.length === 0)
      return { kind: timeout >= 0 || call === 'select' ? 'sleep' : 'poll', call, target: '' };
    const kinds = new Set(outside.map(({ kind }) => kind));
    const targets = [...new Set(outside.map(({ target }) => target))].filter((target) => target !== '');
    const more = targets.length - MOST_NAMED;
    return {
      kind: kinds.size === 1 ? (outside[0]?.kind ?? 'poll') : 'poll',
      call,
      target: targets.slice(0, MOST_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : ''),
    };
  }

  #describe(descriptor: number): { kind: string; target: string } {
    let link: string;
    try {
      link = readlinkSync(`/proc/${this.#pid}/fd/${descriptor}`);
    } catch {
      return { kind: 'other', target: '' };
    }
    const socket = /^socket:\[(\d+)\]$/.exec(link);
    if (socket) return { kind: 'socket', target: this.#sockets.name(socket[1] ?? '') };
    if (link.startsWith('pipe:')) return { kind: 'pipe', target: '' };
    if (link.startsWith('/dev/pts/') || link.startsWith('/dev/tty'))
      return { kind: 'terminal', target: link };
    if (link.startsWith('/')) return { kind: 'file', target: link };
    return { kind: 'other', target: link };
  }

  /** Descriptors of an array of `struct pollfd`; `null` where it cannot be read. */
  #polled(address: number, count: number): number[] | null {
    const size = Math.min(count, MOST_DESCRIPTORS) * 8;
    if (size === 0) return [];
    if (!this.#memory?.read(address, size, this.#block)) return null;
    return Array.from({ length: size / 8 }, (_, index) => this.#block.int(index * 8)).filter(
      (found) => found >= 0,
    );
  }

  /** Descriptors in sets of bits. */
  #selected(count: number, sets: readonly number[]): number[] | null {
    const size = Math.ceil(Math.min(count, 1024) / 64) * 8;
    const found = new Set<number>();
    for (const address of sets) {
      if (address === 0 || size === 0) continue;
      if (!this.#memory?.read(address, size, this.#block)) return null;
      for (let bit = 0; bit < count && found.size < MOST_DESCRIPTORS; bit++) {
        if ((this.#block.byte(bit >>> 3) & (1 << (bit & 7))) !== 0) found.add(bit);
      }
    }
    return [...found];
  }

  /** Descriptors that an epoll watches. */
  #watched(descriptor: number): number[] | null {
    try {
      const text = readFileSync(`/proc/${this.#pid}/fdinfo/${descriptor}`, 'latin1');
      return [...text.matchAll(/^tfd:\s*(\d+)/gm)]
        .slice(0, MOST_DESCRIPTORS)
        .map((match) => Number(match[1]));
    } catch {
      return null;
    }
  }

  #textAt(address: number): string {
    // The name may end just before memory that cannot be read.
    const size = Math.min(this.#block.size, 4096 - (address % 4096));
    if (!this.#memory?.read(address, size, this.#block)) return '';
    const end = this.#block.bytes.indexOf(0);
    return end === -1 || end >= size ? '' : this.#block.bytes.toString('utf8', 0, end);
  }

  #commandOf(pid: number): string {
    if (pid <= 0) return '';
    try {
      return shortCommand(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
    } catch {
      return '';
    }
  }
}

/** Letters of a program behind `-c` that a name shows. */
const SHOWN_CODE = 30;

/** A command line as one short line: the program with its first argument, or with `-m` or `-c` and what is behind it. */
export function shortCommand([program = '', ...rest]: readonly string[]): string {
  const name = path.basename(program);
  const at = rest.findIndex(
    (word) => word !== '' && (!word.startsWith('-') || /^-[A-Za-z]*[cm]$/.test(word)),
  );
  const word = rest[at];
  if (word === undefined) return name;
  if (!word.startsWith('-')) return `${name} ${path.basename(word)}`;
  const code = (rest[at + 1] ?? '').replace(/\s+/g, ' ').trim();
  const letters = Array.from(code);
  const shown = letters.length > SHOWN_CODE ? `${letters.slice(0, SHOWN_CODE).join('')}…` : code;
  return `${name} ${word} ${shown}`.trimEnd();
}

/** Files of the standard library that wait on behalf of others. */
const waitingFiles = /(?:^|\/)(?:threading|queue|concurrent\/futures\/\w+|multiprocessing\/synchronize)\.py$/;

/** What a thread calls that waits for a lock: the outermost function of the library that its own code called. */
function lockCall(stack: readonly WaitingFrame[]): string {
  let call = 'acquire';
  for (const { fileName, qualifiedName } of stack) {
    if (!waitingFiles.test(fileName) || /^Thread\.(_bootstrap|run$)/.test(qualifiedName)) break;
    // The public one: what lies below is how it is done.
    if (!/(^|\.)_|</.test(qualifiedName)) call = qualifiedName;
  }
  return call;
}

/** A word of 32 bits with its sign: the system shows registers without. */
function signed(word: number): number {
  return Number(BigInt.asIntN(32, BigInt(Number.isSafeInteger(word) ? word : 0xff_ff_ff_ff)));
}
