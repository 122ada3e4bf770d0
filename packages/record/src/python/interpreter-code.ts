import { decodeLocationTable } from './location-table.ts';
import type { FoundInterpreter } from './interpreter-find.ts';
import { Block, isObjectAddress, type ProcessMemory } from './process-memory.ts';

/** What a code object says of itself. */
export interface CodeText {
  readonly name: string;
  readonly qualifiedName: string;
  readonly fileName: string;
  readonly firstLine: number;
  readonly lastLine: number;
}

/** A code object of a process, as it was when it was read. */
export interface KnownCode extends CodeText {
  /** Row of the code in the tables of the whole recording. */
  readonly row: number;
  /** Line of each of its code units. */
  readonly lines: Int32Array;
  /** Address of its first instruction. */
  readonly instructions: number;
  /** What must be the same for it to be the same code: where its parts lie, and how many instructions it has. */
  readonly pointers: readonly number[];
  readonly length: number;
  /** When that was looked up last, in microseconds. */
  checked: number;
  /** Numbers of the places in it from which others were called, by line. */
  readonly sites: Map<number, number>;
}

/** Offset of the number of code units: a code object is one of variable size. */
const LENGTH = 16;
/** Longest name or path that is read: more characters are cut. */
const LONGEST_TEXT = 4096;
const LARGEST_LOCATION_TABLE = 1 << 22;
/** Most instructions whose opcode is read together with the head of their code. */
const INSTRUCTIONS_READ = 4096;

/** The code objects of one process, read once and known by their address until another lies there. */
export class InterpreterCode {
  readonly #memory: ProcessMemory;
  readonly #interpreter: FoundInterpreter;
  readonly #rowOf: (code: CodeText) => number;
  readonly #known = new Map<number, KnownCode>();
  readonly #inherited: InterpreterCode | null;
  readonly #head: Block;
  readonly #text = new Block(LONGEST_TEXT * 4 + 128);
  /** Counts how often a code turned out to be another: what was derived from codes before holds no more. */
  generation = 0;

  /** `inherited` are those of the process that this one was forked from: mostly the same at the same places. */
  constructor(
    memory: ProcessMemory,
    interpreter: FoundInterpreter,
    rowOf: (code: CodeText) => number,
    inherited: InterpreterCode | null,
  ) {
    this.#inherited = inherited;
    this.#memory = memory;
    this.#interpreter = interpreter;
    this.#rowOf = rowOf;
    this.#head = new Block(interpreter.offsets.code.instructions + INSTRUCTIONS_READ * 2 + 8);
  }

  /**
   * The code at an address, or `null` where there is none.
   *
   * Looks up whether it is still the same where that was not done since `notBefore`.
   */
  at(address: number, now: number, notBefore: number): KnownCode | null {
    const known = this.#knownAt(address);
    if (known !== undefined && known.checked >= notBefore) return known;
    return this.#checked(address, known, now, this.#interpreter.offsets.code.instructions);
  }

  /**
   * The innermost code, looked up again in any case, and the opcode at an instruction in it: -1 where
   * there is none.
   */
  innermost(address: number, instruction: number, now: number): { code: KnownCode; opcode: number } | null {
    const { instructions } = this.#interpreter.offsets.code;
    const offset = instruction - address;
    const near = offset >= instructions && offset < instructions + INSTRUCTIONS_READ * 2;
    const code = this.#checked(address, this.#knownAt(address), now, near ? offset + 2 : instructions);
    if (code === null) return null;
    if (near) return { code, opcode: this.#head.byte(offset) };
    const isFar = offset > instructions && offset < instructions + code.lines.length * 2;
    return { code, opcode: isFar && this.#memory.read(instruction, 2, this.#head) ? this.#head.byte(0) : -1 };
  }

  #knownAt(address: number): KnownCode | undefined {
    const known = this.#known.get(address);
    if (known !== undefined || this.#inherited === null) return known;
    const inherited = this.#inherited.#knownAt(address);
    if (inherited === undefined) return undefined;
    const own = { ...inherited, checked: 0 };
    this.#known.set(address, own);
    return own;
  }

  #checked(address: number, known: KnownCode | undefined, now: number, size: number): KnownCode | null {
    if (!isObjectAddress(address) || !this.#memory.read(address, size, this.#head)) return null;
    const { codeType, offsets } = this.#interpreter;
    if (codeType !== 0 && this.#head.pointer(8) !== codeType) return null;
    const { fileName, name, qualifiedName, locationTable, firstLine } = offsets.code;
    const head = this.#head;
    const line = head.int(firstLine);
    const length = head.pointer(LENGTH);
    if (
      known !== undefined &&
      known.firstLine === line &&
      known.length === length &&
      known.pointers[0] === head.pointer(fileName) &&
      known.pointers[1] === head.pointer(name) &&
      known.pointers[2] === head.pointer(qualifiedName) &&
      known.pointers[3] === head.pointer(locationTable)
    ) {
      known.checked = now;
      return known;
    }
    if (known !== undefined) this.generation++;
    const pointers = [fileName, name, qualifiedName, locationTable].map((at) => head.pointer(at));
    const code = this.#read(address, pointers, line, length, now);
    if (code === null) this.#known.delete(address);
    else this.#known.set(address, code);
    return code;
  }

  #read(
    address: number,
    pointers: readonly number[],
    firstLine: number,
    length: number,
    checked: number,
  ): KnownCode | null {
    const [filePointer = 0, namePointer = 0, qualifiedPointer = 0, tablePointer = 0] = pointers;
    const fileName = this.#textAt(filePointer);
    const name = this.#textAt(namePointer);
    if (fileName === null || name === null) return null;
    const qualifiedName = this.#textAt(qualifiedPointer) ?? name;
    const table = this.#bytesAt(tablePointer);
    if (table === null) return null;
    const { lines, lastLine } = decodeLocationTable(table, firstLine);
    const text: CodeText = { name, qualifiedName, fileName, firstLine, lastLine };
    return {
      ...text,
      row: this.#rowOf(text),
      lines,
      instructions: address + this.#interpreter.offsets.code.instructions,
      pointers,
      length,
      checked,
      sites: new Map(),
    };
  }

  #textAt(address: number): string | null {
    const { length: lengthAt, state: stateAt, ascii, other } = this.#interpreter.offsets.text;
    const block = this.#text;
    if (!isObjectAddress(address) || !this.#memory.read(address, other, block)) return null;
    const length = Math.min(block.pointer(lengthAt), LONGEST_TEXT);
    const state = block.int(stateAt);
    // Of the state: how it is interned (2 bits, 16 in later builds), the width of a character (3), compact, ASCII.
    const bits = ((state >>> 2) & 7) === 0 ? state >>> 16 : state >>> 2;
    const width = bits & 7;
    const isCompact = (bits & 8) !== 0;
    if (!isCompact || (width !== 1 && width !== 2 && width !== 4)) return null;
    const start = (bits & 16) !== 0 ? ascii : other;
    if (!this.#memory.read(address + start, length * width, block)) return length === 0 ? '' : null;
    if (width === 1) return block.bytes.toString('latin1', 0, length);
    if (width === 2) return block.bytes.toString('utf16le', 0, length * 2);
    let text = '';
    for (let at = 0; at < length * 4; at += 4) {
      const point = block.int(at);
      text += point >= 0 && point <= 0x10_ff_ff ? String.fromCodePoint(point) : '\ufffd';
    }
    return text;
  }

  #bytesAt(address: number): Uint8Array | null {
    const { length: lengthAt, data } = this.#interpreter.offsets.bytes;
    const block = this.#text;
    if (!isObjectAddress(address) || !this.#memory.read(address, data, block)) return null;
    const length = block.pointer(lengthAt);
    if (length > LARGEST_LOCATION_TABLE) return null;
    block.grow(length);
    return this.#memory.read(address + data, length, block) ? block.bytes.subarray(0, length) : null;
  }
}
