import { closeSync, openSync, readSync } from 'node:fs';

/** Addresses of programs are smaller; what is not is garbage. */
const LARGEST_ADDRESS = 2 ** 47;
const SMALLEST_ADDRESS = 4096;

/** Room for a copy of some of a process's memory, and the ways to read it; reused from read to read. */
export class Block {
  bytes: Buffer;
  #words: Uint32Array;

  constructor(size: number) {
    this.bytes = Buffer.from(new ArrayBuffer(roundUp(size)));
    this.#words = new Uint32Array(this.bytes.buffer);
  }

  get size(): number {
    return this.bytes.length;
  }

  /** Makes room, and keeps what stands there. */
  grow(size: number): void {
    if (size <= this.bytes.length) return;
    const bytes = Buffer.from(new ArrayBuffer(roundUp(Math.max(size, this.bytes.length * 2))));
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.#words = new Uint32Array(bytes.buffer);
  }

  /** A pointer, or any word of 64 bits below 2^53; `at` is a multiple of 4. */
  pointer(at: number): number {
    const word = at >>> 2;
    return (this.#words[word] ?? 0) + (this.#words[word + 1] ?? 0) * 2 ** 32;
  }

  /** A number of 32 bits with its sign; `at` is a multiple of 4. */
  int(at: number): number {
    return (this.#words[at >>> 2] ?? 0) | 0;
  }

  byte(at: number): number {
    return this.bytes[at] ?? 0;
  }
}

/** Whether a number can be the address of an object. */
export function isObjectAddress(address: number): boolean {
  return address >= SMALLEST_ADDRESS && address < LARGEST_ADDRESS && address % 8 === 0;
}

/** The memory of another process, through `/proc/PID/mem`. */
export class ProcessMemory {
  #descriptor: number;

  /** @throws the system's error where it forbids reading, or where the process is gone */
  constructor(pid: number) {
    this.#descriptor = openSync(`/proc/${pid}/mem`, 'r');
  }

  /** Copies memory to a place in a block; whether all of it could be read. */
  read(address: number, length: number, into: Block, at = 0): boolean {
    if (this.#descriptor === -1) return false;
    if (!(address >= SMALLEST_ADDRESS && address < LARGEST_ADDRESS) || at + length > into.size) return false;
    try {
      return readSync(this.#descriptor, into.bytes, at, length, address) === length;
    } catch {
      return false;
    }
  }

  /** Ends reading: from then on nothing can be read. */
  close(): void {
    if (this.#descriptor !== -1) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}
