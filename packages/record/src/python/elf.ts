import { closeSync, openSync, readSync } from 'node:fs';

/** What an ELF file says of where its parts lie in memory. */
export interface ElfImage {
  /** Whether it can be loaded anywhere: addresses in it count from where it was loaded. */
  readonly relocatable: boolean;
  /** Address of the file's first byte, as its first loaded segment has it. */
  readonly base: number;
  /** Addresses of those of the symbols asked for that were found. */
  readonly symbols: ReadonlyMap<string, number>;
  /** Addresses of the sections that are loaded. */
  readonly sections: ReadonlyMap<string, number>;
}

const TYPE_EXECUTABLE = 2;
const SEGMENT_LOADED = 1;
const SECTION_SYMBOLS = 2;
const SECTION_DYNAMIC_SYMBOLS = 11;
const SYMBOL_SIZE = 24;
/** Tables larger than this are not a program's: a damaged file. */
const LARGEST_TABLE = 1 << 28;

/**
 * Looks up symbols in an ELF file of 64 bits, little-endian: in the dynamic table, and in the full one
 * where it was not stripped.
 *
 * @param section they are only looked for in a file that has it, for the tables of a large program take tens of
 *   milliseconds
 * @returns `null` for any other file, also a damaged one
 */
export function readElf(file: string, section: string, names: readonly string[]): ElfImage | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch {
    return null;
  }
  try {
    return imageOf(descriptor, section, names);
  } catch (error) {
    // It ends early, is a folder, or cannot be read.
    if (error instanceof RangeError || (error as NodeJS.ErrnoException).syscall !== undefined) return null;
    throw error;
  } finally {
    closeSync(descriptor);
  }
}

interface Section {
  readonly name: number;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

function imageOf(descriptor: number, wanted: string, names: readonly string[]): ElfImage | null {
  const part = (offset: number, size: number): Buffer => {
    if (!(size >= 0 && size <= LARGEST_TABLE)) throw new RangeError('larger than a table can be');
    const buffer = Buffer.alloc(size);
    if (readSync(descriptor, buffer, 0, size, offset) < size) throw new RangeError('ends early');
    return buffer;
  };
  const header = part(0, 64);
  const isElf64 = header.readUInt32BE(0) === 0x7f_45_4c_46 && header[4] === 2 && header[5] === 1;
  if (!isElf64) return null;

  const sectionSize = header.readUInt16LE(58);
  const sectionBytes = part(number64(header, 40), header.readUInt16LE(60) * sectionSize);
  const sections: Section[] = [];
  for (let at = 0; at + 64 <= sectionBytes.length; at += sectionSize) {
    sections.push({
      name: sectionBytes.readUInt32LE(at),
      type: sectionBytes.readUInt32LE(at + 4),
      address: number64(sectionBytes, at + 16),
      offset: number64(sectionBytes, at + 24),
      size: number64(sectionBytes, at + 32),
      link: sectionBytes.readUInt32LE(at + 40),
    });
  }

  const headings = sections[header.readUInt16LE(62)];
  const titles = headings ? part(headings.offset, headings.size) : Buffer.alloc(0);
  const loaded = new Map(
    sections
      .filter(({ address }) => address !== 0)
      .map(({ name, address }) => [titles.toString('latin1', name, titles.indexOf(0, name)), address]),
  );

  const symbols = new Map<string, number>();
  for (const type of loaded.has(wanted) ? [SECTION_DYNAMIC_SYMBOLS, SECTION_SYMBOLS] : []) {
    const table = sections.find((section) => section.type === type);
    const text = table && sections[table.link];
    if (!table || !text || symbols.size === names.length) continue;
    addSymbols(part(table.offset, table.size), part(text.offset, text.size), names, symbols);
  }
  return {
    relocatable: header.readUInt16LE(16) !== TYPE_EXECUTABLE,
    base: firstSegment(part(number64(header, 32), header.readUInt16LE(56) * 56)),
    symbols,
    sections: loaded,
  };
}

function addSymbols(table: Buffer, text: Buffer, names: readonly string[], into: Map<string, number>): void {
  // Names may share their ends: every place where one ends is the name of some symbol, or of none.
  const wanted = new Map<number, string>();
  for (const name of names) {
    const bytes = Buffer.from(`${name}\0`, 'latin1');
    for (let at = text.indexOf(bytes); at !== -1; at = text.indexOf(bytes, at + 1)) wanted.set(at, name);
  }
  for (let at = 0; at + SYMBOL_SIZE <= table.length; at += SYMBOL_SIZE) {
    const name = wanted.get(table.readUInt32LE(at));
    const address = name === undefined ? 0 : number64(table, at + 8);
    // The address is 0 where the file only uses what another defines.
    if (name !== undefined && address !== 0) into.set(name, address);
  }
}

function firstSegment(segments: Buffer): number {
  for (let at = 0; at + 56 <= segments.length; at += 56) {
    if (segments.readUInt32LE(at) !== SEGMENT_LOADED) continue;
    return number64(segments, at + 16) - number64(segments, at + 8);
  }
  return 0;
}

/** Sizes and addresses of programs stay far below 2^53. */
function number64(buffer: Buffer, at: number): number {
  return buffer.readUInt32LE(at) + buffer.readUInt32LE(at + 4) * 2 ** 32;
}
