/** What a dynamic linker reads of an ELF file. */
export interface Elf {
  /** As `uname -m` says it. */
  readonly arch: string;
  readonly soname: string | undefined;
  /** Libraries that it names. */
  readonly needed: readonly string[];
  /** Where it looks for them first: `$ORIGIN/../lib`, split at the colons. */
  readonly searched: readonly string[];
  /** The newest version of glibc's symbols that it uses, `0` for none. */
  readonly glibc: string;
  /** Bytes up to which the file is loaded; symbols for debuggers and the section table lie behind. */
  readonly loadedSize: number;
}

const machines: Readonly<Record<number, string>> = {
  3: 'i686',
  40: 'armv7l',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv64',
};

const segment = { load: 1, dynamic: 2 } as const;
const tag = {
  needed: 1,
  strings: 5,
  soname: 14,
  rpath: 15,
  runpath: 29,
  versions: 0x6fff_fffe,
  versionCount: 0x6fff_ffff,
} as const;

/** True for the first bytes of an ELF file. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/**
 * Reads an ELF file of 64 bits, little-endian; `null` for any other file, and one that cannot be so.
 *
 * @see https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html
 */
export function readElf(bytes: Uint8Array): Elf | null {
  if (!isElf(bytes) || bytes[4] !== 2 || bytes[5] !== 1) return null;
  try {
    return elfOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    // Reading beyond the end: it is cut off, or made to look like one.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function elfOf(file: Buffer): Elf {
  const long = (at: number) => Number(file.readBigUInt64LE(at));
  const table = long(32);
  const width = file.readUInt16LE(54);
  const segments = Array.from({ length: file.readUInt16LE(56) }, (_, row) => {
    const at = table + row * width;
    return { type: file.readUInt32LE(at), offset: long(at + 8), address: long(at + 16), size: long(at + 32) };
  });
  const loads = segments.filter(({ type }) => type === segment.load);
  const offsetOf = (address: number) => {
    const load = loads.find((one) => address >= one.address && address < one.address + one.size);
    if (!load) throw new RangeError('an address that is not loaded');
    return address - load.address + load.offset;
  };
  const dynamic = segments.find(({ type }) => type === segment.dynamic);
  const entries: [number, number][] = [];
  if (dynamic)
    for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
      if (long(at) === 0) break;
      entries.push([long(at), long(at + 8)]);
    }
  const valueOf = (wanted: number) => entries.find(([key]) => key === wanted)?.[1];
  const strings = valueOf(tag.strings);
  const text = (offset: number) => {
    const from = offsetOf(strings!) + offset;
    return file.toString('utf8', from, file.indexOf(0, from));
  };
  const textOf = (wanted: number) => {
    const value = valueOf(wanted);
    return value === undefined ? undefined : text(value);
  };
  const versions = valueOf(tag.versions);
  const count = valueOf(tag.versionCount) ?? 0;
  return {
    arch: machines[file.readUInt16LE(18)] ?? `machine-${file.readUInt16LE(18)}`,
    soname: textOf(tag.soname),
    needed: entries.filter(([key]) => key === tag.needed).map(([, value]) => text(value)),
    searched: (textOf(tag.runpath) ?? textOf(tag.rpath) ?? '').split(':').filter((part) => part !== ''),
    glibc: versions === undefined ? '0' : newestGlibc(file, offsetOf(versions), count, text),
    loadedSize: Math.max(0, ...loads.map(({ offset, size }) => offset + size)),
  };
}

function newestGlibc(file: Buffer, start: number, count: number, text: (offset: number) => string): string {
  let newest = '0';
  for (let row = 0, at = start; row < count; row += 1) {
    let entry = at + file.readUInt32LE(at + 8);
    for (let left = file.readUInt16LE(at + 2); left > 0; left -= 1) {
      const [, version] = /^GLIBC_(\d+(?:\.\d+)*)$/.exec(text(file.readUInt32LE(entry + 8))) ?? [];
      if (version !== undefined && compareVersions(version, newest) > 0) newest = version;
      entry += file.readUInt32LE(entry + 12);
    }
    at += file.readUInt32LE(at + 12);
  }
  return newest;
}

/** Orders dotted numbers: 2.9 before 2.34. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let part = 0; part < Math.max(left!.length, right!.length); part += 1) {
    const difference = (left![part] ?? 0) - (right![part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * An ELF file without what nobody loads: symbols for debuggers, and the table of sections.
 *
 * As `strip` does, but with no tool whose version would show in the bytes.
 */
export function strippedElf(bytes: Uint8Array): Uint8Array {
  const elf = readElf(bytes);
  if (!elf || elf.loadedSize === 0 || elf.loadedSize > bytes.length) return bytes;
  const stripped = Buffer.from(bytes.subarray(0, elf.loadedSize));
  stripped.writeBigUInt64LE(0n, 40);
  stripped.fill(0, 58, 64);
  return stripped;
}
