import { JsonBytes } from '../json-bytes.ts';
import { ProfileError, type Profile } from '../profile.ts';
import type { Codec } from './codec.ts';
import { writeCollapsed } from './collapsed.ts';
import { readCpuProfile } from './cpuprofile.ts';
import { isLprof, readLprof } from './lprof.ts';
import { isProf, readProf } from './prof.ts';
import { isPstatsText, readPstatsText } from './pstats-text.ts';
import { writeSpeedscope } from './speedscope.ts';
import { readWhet, whetMagic, writeWhet } from './whet.ts';
import { writeCpuProfile } from './write-cpuprofile.ts';
import { writeProf } from './write-prof.ts';

/** A file format: what it is called and what we can do with it. */
export interface Format {
  readonly name: string;
  /** What file names end in, with the dot, the usual one first. */
  readonly extensions: readonly string[];
  /** Whether a file is of this format, by its content; without it no file is read in this format. */
  readonly matches?: (bytes: Uint8Array) => boolean;
  readonly read?: (bytes: Uint8Array, codec: Codec) => Promise<Profile>;
  /** The file in pieces, to be written one after the other. */
  readonly write?: (profile: Profile, codec: Codec, options?: WriteOptions) => Promise<Iterable<Uint8Array>>;
  /** A file of this format holds one thread alone. */
  readonly oneThread?: true;
}

export interface WriteOptions {
  /** Row of the one thread that is written in formats that hold only one; the main thread if left out. */
  readonly thread?: number;
}

export type FormatName = 'whet' | 'cpuprofile' | 'prof' | 'lprof' | 'pstats' | 'speedscope' | 'collapsed';

/** Every format, ours first. */
export const formats: readonly (Format & { readonly name: FormatName })[] = [
  {
    name: 'whet',
    extensions: ['.whet'],
    matches: isWhet,
    read: readWhet,
    write: async (profile, codec) => [await writeWhet(profile, codec)],
  },
  {
    name: 'cpuprofile',
    extensions: ['.cpuprofile'],
    matches: isCpuProfile,
    read: async (bytes) => readCpuProfile(bytes),
    write: async (profile, _codec, options) => writeCpuProfile(profile, options?.thread),
    oneThread: true,
  },
  {
    name: 'prof',
    extensions: ['.prof', '.pstat', '.pstats'],
    matches: isProf,
    read: async (bytes) => readProf(bytes),
    write: async (profile) => writeProf(profile),
  },
  {
    name: 'lprof',
    extensions: ['.lprof'],
    matches: isLprof,
    read: async (bytes) => readLprof(bytes),
  },
  {
    name: 'pstats',
    extensions: ['.pstats.txt'],
    matches: isPstatsText,
    read: async (bytes) => readPstatsText(bytes),
  },
  {
    name: 'speedscope',
    extensions: ['.speedscope.json'],
    write: async (profile) => writeSpeedscope(profile),
  },
  {
    name: 'collapsed',
    extensions: ['.collapsed', '.folded'],
    write: async (profile) => writeCollapsed(profile),
  },
];

/** The keys of a `.cpuprofile`; each alone tells it from the other JSON that people have. */
const cpuProfileKeys: ReadonlySet<string> = new Set(['nodes', 'timeDeltas']);

function isWhet(bytes: Uint8Array): boolean {
  const length = Math.min(bytes.length, whetMagic.length);
  // A file that ends within the signature is a damaged file of ours.
  return length > 0 && bytes.subarray(0, length).every((byte, i) => byte === whetMagic[i]);
}

function isCpuProfile(bytes: Uint8Array): boolean {
  try {
    const json = new JsonBytes(bytes);
    for (let key = json.firstKey(); key !== null; key = json.nextKey()) {
      if (cpuProfileKeys.has(key)) return true;
      json.skip();
    }
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
  }
  return false;
}

/** The name of a file's format by what is in it, or `null` if it is none that we can read. */
export function detectFormat(bytes: Uint8Array, known: readonly Format[] = formats): string | null {
  return formatOf(bytes, known)?.name ?? null;
}

function formatOf(bytes: Uint8Array, known: readonly Format[]): Format | undefined {
  return known.find(({ read, matches }) => read !== undefined && matches?.(bytes) === true);
}

/**
 * Reads a file of any format that has `read`, known by its content; the first that matches counts.
 *
 * @throws {@link ProfileError}
 */
export async function readProfile(
  bytes: Uint8Array,
  codec: Codec,
  known: readonly Format[] = formats,
): Promise<Profile> {
  if (bytes.length === 0) throw new ProfileError('PROFILE_EMPTY', 'The file is empty: expected a profile.');
  const format = formatOf(bytes, known);
  if (format?.read === undefined) {
    const readable = known.filter(({ read }) => read !== undefined).map(({ extensions }) => extensions[0]);
    const start = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    throw new ProfileError(
      'PROFILE_UNKNOWN_FORMAT',
      `Expected the content of a ${readable.slice(0, -1).join(', ')} or ${readable.at(-1)} file at byte 0, found ${start}.`,
    );
  }
  try {
    return await format.read(bytes, codec);
  } catch (error) {
    // What the engine says where columns do not fit into memory.
    if (error instanceof RangeError && /allocation failed|array length/i.test(error.message)) {
      throw new ProfileError('PROFILE_TOO_LARGE', 'The profile does not fit into memory.', { cause: error });
    }
    throw error;
  }
}
