import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Bytes } from '@whetstone/profile';

/** A file of `/proc` that is read again and again: opened once, so that it stays that of the same task. */
export class ProcFile {
  #descriptor: number;
  readonly text = Buffer.alloc(512);
  length = 0;

  /** Opens it; where that is not possible all reading fails. */
  constructor(file: string) {
    try {
      this.#descriptor = openSync(file, 'r');
    } catch {
      this.#descriptor = -1;
    }
  }

  /** Reads it into {@link text}; false where the task is gone, or the system forbids it. */
  read(): boolean {
    if (this.#descriptor === -1) return false;
    try {
      this.length = readSync(this.#descriptor, this.text, 0, this.text.length, 0);
      return this.length > 0;
    } catch {
      this.length = 0;
      return false;
    }
  }

  /** Takes the decimal numbers at its start apart, as many as there is room for. */
  numbers(into: Float64Array): void {
    let at = 0;
    for (let index = 0; index < into.length; index++) {
      let value = 0;
      for (; at < this.length; at++) {
        const digit = (this.text[at] ?? 0) - 48;
        if (digit < 0 || digit > 9) break;
        value = value * 10 + digit;
      }
      into[index] = value;
      at++;
    }
  }

  toString(): string {
    return this.text.toString('latin1', 0, this.length);
  }

  close(): void {
    if (this.#descriptor !== -1) closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

const PAGE_SIZE_ENTRY = 6;

/** Size of a page of memory, from what the kernel told this program at its start; 4096 where it is not told. */
export function pageSize(): Bytes {
  try {
    const entries = readFileSync('/proc/self/auxv');
    for (let at = 0; at + 16 <= entries.length; at += 16) {
      if (entries.readUInt32LE(at) === PAGE_SIZE_ENTRY) return entries.readUInt32LE(at + 8);
    }
  } catch {
    // Not Linux, or a system that hides it.
  }
  return 4096;
}
