import type { InterpreterOffsets } from './interpreter-offsets.ts';
import { Block, isObjectAddress, type ProcessMemory } from './process-memory.ts';

/** Deepest stack that is followed: of deeper ones the outer part is left out. */
export const DEEPEST_STACK = 20_000;
/** Frames that may lie outside of the stack's own memory: generators, coroutines, calls through C. */
const MOST_SCATTERED = 4000;
/** Size of the first piece of a stack's memory, and the least of every other. */
const CHUNK = 16_384;
/** More than that is not one piece of a stack: garbage. */
const LARGEST_CHUNK = 1 << 26;
/** Pieces of one stack, against a chain that has no end. */
const MOST_PIECES = 4096;
/** Frames with this owner and above are none of Python: they mark a call from C. */
const OWNER_NOT_PYTHON = 3;

/** A stack as it stands in memory, innermost first; reused from walk to walk. */
export class FrameList {
  depth = 0;
  /** Addresses of the code objects. */
  code = new Float64Array(256);
  /** Addresses of the instructions. */
  instruction = new Float64Array(256);
  /** Whether outer frames were left out. */
  cut = false;

  /** Appends a frame. */
  push(code: number, instruction: number): void {
    if (this.depth === this.code.length) {
      this.code = doubled(this.code);
      this.instruction = doubled(this.instruction);
    }
    this.code[this.depth] = code;
    this.instruction[this.depth++] = instruction;
  }
}

/** What came of a walk: `moving` where the program went on meanwhile and the stack may be none that ever was. */
export type Walked = 'whole' | 'moving' | 'gone';

/** Walks the frames of a thread that runs on. */
export class FrameWalker {
  readonly #memory: ProcessMemory;
  readonly #offsets: InterpreterOffsets;
  /** Copies of pieces of the stack, one behind the other, and of single frames at its start. */
  readonly #copy = new Block(CHUNK * 4);
  readonly #pointer = new Block(8);
  #used = 0;
  /** Of each piece copied: its address, its end, and where in the copy it lies. */
  readonly #pieces: { start: number; end: number; at: number }[] = [];
  #pieceCount = 0;
  #nextPiece = 0;
  #scattered = 0;

  constructor(memory: ProcessMemory, offsets: InterpreterOffsets) {
    this.#memory = memory;
    this.#offsets = offsets;
  }

  /**
   * Reads the frames of a thread whose state was copied to `thread`.
   *
   * The frame that runs is read before and after: where it changed, the stack is `moving`.
   */
  walk(thread: Block, threadAddress: number, into: FrameList): Walked {
    const { thread: at } = this.#offsets;
    const pointerAt =
      at.frameInBetween === null ? threadAddress + at.frame : thread.pointer(at.frame) + at.frameInBetween;
    // Without a struct in between the pointer stands in the copy, which is as new as can be.
    const innermost = at.frameInBetween === null ? thread.pointer(at.frame) : this.#pointerAt(pointerAt);
    if (innermost === null) return 'gone';
    into.depth = 0;
    into.cut = false;
    if (innermost !== 0 && !this.#follow(innermost, thread.pointer(at.chunk), into)) return 'moving';
    const after = this.#pointerAt(pointerAt);
    if (after === null) return 'gone';
    return after === innermost ? 'whole' : 'moving';
  }

  #pointerAt(address: number): number | null {
    return this.#memory.read(address, 8, this.#pointer) ? this.#pointer.pointer(0) : null;
  }

  /** Whether all frames could be read. */
  #follow(innermost: number, chunk: number, into: FrameList): boolean {
    const { frame: at } = this.#offsets;
    this.#used = roundUp(at.size);
    this.#pieceCount = 0;
    this.#nextPiece = chunk;
    this.#scattered = 0;
    let isFirst = true;
    for (let frame = innermost; frame !== 0;) {
      if (!isObjectAddress(frame)) return false;
      if (into.depth === DEEPEST_STACK) {
        into.cut = true;
        return true;
      }
      const place = this.#place(frame, isFirst);
      if (place === -1) return false;
      isFirst = false;
      const copy = this.#copy;
      if (copy.byte(place + at.owner) < OWNER_NOT_PYTHON) {
        const code = copy.pointer(place + at.code);
        // Since 3.14 the lowest bits say how the reference is counted.
        into.push(code - (code % 8), copy.pointer(place + at.instruction));
      }
      const previous = copy.pointer(place + at.previous);
      if (previous === frame) return false;
      frame = previous;
    }
    return true;
  }

  /** Where in the copy a frame lies; copies it first where needed, -1 where that is not possible. */
  #place(frame: number, isFirst: boolean): number {
    const { size } = this.#offsets.frame;
    for (;;) {
      for (let index = this.#pieceCount - 1; index >= 0; index--) {
        const piece = this.#pieces[index];
        if (piece && frame >= piece.start && frame + size <= piece.end) return piece.at + frame - piece.start;
      }
      // Of the newest piece only what lies below the innermost frame is in use.
      const until = isFirst && frame > this.#nextPiece ? frame + size : 0;
      if (!this.#copyPiece(until)) break;
      isFirst = false;
    }
    if (this.#scattered++ === MOST_SCATTERED) return -1;
    return this.#memory.read(frame, size, this.#copy) ? 0 : -1;
  }

  /** Copies the next older piece; whether there was one. */
  #copyPiece(until: number): boolean {
    const start = this.#nextPiece;
    if (!isObjectAddress(start) || this.#pieceCount === MOST_PIECES) return false;
    const at = this.#used;
    let length = until > start && until <= start + LARGEST_CHUNK ? until - start : CHUNK;
    // An innermost frame that lies elsewhere, in a generator, says nothing of the piece.
    if (length > CHUNK && !this.#isInPiece(start, until)) length = CHUNK;
    this.#copy.grow(at + length);
    if (!this.#memory.read(start, length, this.#copy, at)) {
      this.#nextPiece = 0;
      return false;
    }
    const size = this.#copy.pointer(at + 8);
    if (until === 0 && size > length && size <= LARGEST_CHUNK) {
      this.#copy.grow(at + size);
      if (this.#memory.read(start + length, size - length, this.#copy, at + length)) length = size;
    }
    const piece = this.#pieces[this.#pieceCount];
    const end = start + Math.min(length, Math.max(size, CHUNK));
    if (piece) Object.assign(piece, { start, end, at });
    else this.#pieces.push({ start, end, at });
    this.#pieceCount++;
    this.#used = roundUp(at + length);
    const previous = this.#copy.pointer(at);
    this.#nextPiece = previous === start ? 0 : previous;
    return true;
  }

  #isInPiece(start: number, until: number): boolean {
    return this.#memory.read(start + 8, 8, this.#pointer) && until <= start + this.#pointer.pointer(0);
  }
}

function doubled(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}

function roundUp(size: number): number {
  return Math.ceil(size / 8) * 8;
}
