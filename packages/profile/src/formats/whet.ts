import { crc32 } from '../crc32.ts';
import { ProfileError, type Measure, type Profile, type ProfileErrorCode } from '../profile.ts';
import { fields, listOf, oneOf, text, whole } from '../shape.ts';
import { readUtf8, utf8Bytes, utf8Length, writeUtf8 } from '../utf8.ts';
import { aboutShape, measuresShape, seriesShape, threadsShape } from './about-shape.ts';
import type { Codec } from './codec.ts';
import { decodeColumn, encodeColumn, type Column, type EncodedColumn } from './column-codec.ts';
import { tables, wrongValue, type ColumnShape, type RowCounts, type TableOf } from './tables.ts';

/** First bytes of every file; as in PNG, one is no text and the line ends show a transfer as text. */
export const whetMagic = Uint8Array.of(0x89, 0x57, 0x48, 0x45, 0x54, 0x0d, 0x0a, 0x1a);

/** What this version writes; it reads this one and all before it. */
export const whetVersion = 1;

/** Magic, version, stored and full length of the directory, its checksum. */
const HEADER = 24;

/** Deflate cannot shrink further than 1032 times, so a block that claims more is wrong. */
const DEFLATE_AT_MOST = 1032;
const LARGEST_DIRECTORY = 2 ** 26;
/** Rows of one column: a gigabyte of doubles. */
const MOST_ROWS = 2 ** 27;
const MOST_STRINGS = 2 ** 24;
/** All columns in memory together. */
const LARGEST_PROFILE = 2 ** 31;

/** One column in the directory; the blocks follow the directory in its order. */
interface Entry extends Omit<EncodedColumn, 'bytes'> {
  readonly name: string;
  /** Bytes of the block, and of what is stored of it: fewer where it is deflated. */
  readonly bytes: number;
  readonly stored: number;
  readonly crc: number;
}

interface Directory {
  readonly about: Profile['about'];
  readonly threads: Profile['threads'];
  readonly measures: readonly Pick<Measure, 'name' | 'unit' | 'kind' | 'per'>[];
  readonly series: readonly Pick<Profile['series'][number], 'name' | 'unit' | 'thread'>[];
  readonly columns: readonly Entry[];
}

/**
 * Writes our own format, which loses nothing.
 *
 * @see docs/formats.md
 * @throws TypeError where the profile has rows that do not exist or figures that are none
 */
export async function writeWhet(profile: Profile, codec: Pick<Codec, 'deflate'>): Promise<Uint8Array> {
  const deflated = async (bytes: Uint8Array): Promise<Uint8Array> => {
    if (bytes.length === 0) return bytes;
    const smaller = await codec.deflate(bytes);
    return smaller.length < bytes.length ? smaller : bytes;
  };
  const blocks = await Promise.all(
    columnsOf(profile).map(async ([name, values]) => {
      const encoded = encodeColumn(values);
      const stored = await deflated(encoded.bytes);
      const { type, length, codec: layout, scale, bytes } = encoded;
      const entry: Entry = {
        name,
        type,
        length,
        codec: layout,
        scale,
        bytes: bytes.length,
        stored: stored.length,
        crc: crc32(stored),
      };
      return { entry, stored };
    }),
  );
  const directory: Directory = {
    about: profile.about,
    threads: profile.threads,
    measures: profile.measures.map(({ name, unit, kind, per }) => ({ name, unit, kind, per })),
    series: profile.series.map(({ name, unit, thread }) => ({ name, unit, thread })),
    columns: blocks.map(({ entry }) => entry),
  };
  const wrong = directoryShape(directory, 'profile');
  if (wrong !== undefined) throw unsaved(wrong.replace('expected ', ''));
  const full = utf8Bytes(JSON.stringify(directory));
  const stored = await deflated(full);

  const file = new Uint8Array(
    blocks.reduce((length, block) => length + block.stored.length, HEADER + stored.length),
  );
  file.set(whetMagic);
  const header = new DataView(file.buffer, 0, HEADER);
  header.setUint32(8, whetVersion, true);
  header.setUint32(12, stored.length, true);
  header.setUint32(16, full.length, true);
  header.setUint32(20, crc32(stored), true);
  file.set(stored, HEADER);
  let at = HEADER + stored.length;
  for (const block of blocks) {
    file.set(block.stored, at);
    at += block.stored.length;
  }
  return file;
}

/** Every column with the name that it has in the file. */
function columnsOf(profile: Profile): readonly (readonly [string, Column])[] {
  const columns: (readonly [string, Column])[] = [];
  const counts = {
    strings: profile.strings.length,
    functions: profile.functions.name.length,
    nodes: profile.nodes.parent.length,
    threads: profile.threads.length,
  };
  const add = (name: string, table: object, shapes: Readonly<Record<string, ColumnShape>>) => {
    for (const [column, { rule }] of Object.entries(shapes)) {
      const values = (table as Readonly<Record<string, Column>>)[column] as Column;
      const wrong = wrongValue(values, rule, counts);
      if (wrong !== undefined) throw unsaved(`${wrong.expected} at ${name}.${column}[${wrong.row}]`);
      columns.push([`${name}.${column}`, values]);
    }
  };
  addTexts(columns, 'strings', profile.strings);
  add('functions', profile.functions, tables.functions);
  add('nodes', profile.nodes, tables.nodes);
  for (const [i, table] of profile.samples.entries()) add(`samples.${i}`, table, tables.samples);
  for (const [i, measure] of profile.measures.entries())
    add(`measures.${i}`, measure, measureShapes(measure));
  for (const [i, series] of profile.series.entries()) add(`series.${i}`, series, tables.series);
  add('waits', profile.waits, tables.waits);
  add('collections', profile.collections, tables.collections);
  add('marks', profile.marks, tables.marks);
  add('deoptimisations', profile.deoptimisations, tables.deoptimisations);
  add('sources', { file: Int32Array.from(profile.sources, (source) => source.file) }, sourceShapes);
  addTexts(
    columns,
    'sources',
    profile.sources.map((source) => source.text),
  );
  return columns;
}

const sourceShapes = { file: { type: 'i32', rule: { rowOf: 'strings' } } } as const;

/** A profile that breaks its own rules is our mistake, not a file's: it must not become an unreadable file. */
function unsaved(what: string): TypeError {
  return new TypeError(`The profile cannot be saved: expected ${what}`);
}

/** Texts are two columns: their lengths in bytes, -1 for `null`, and all bytes. */
function addTexts(
  columns: (readonly [string, Column])[],
  name: string,
  texts: readonly (string | null)[],
): void {
  const lengths = Int32Array.from(texts, (value) => (value === null ? -1 : utf8Length(value)));
  const bytes = new Uint8Array(lengths.reduce((total, length) => total + Math.max(0, length), 0));
  let at = 0;
  for (const value of texts) if (value !== null) at = writeUtf8(value, bytes, at);
  columns.push([`${name}.length`, lengths], [`${name}.bytes`, bytes]);
}

function measureShapes(measure: Pick<Measure, 'per'>) {
  return measure.per === 'node' ? tables.measurePerNode : tables.measurePerFunction;
}

/**
 * Reads our own format. Everything in the file is checked: a profile that comes back has only rows that
 * exist, and parents before children.
 *
 * @throws {@link ProfileError} `PROFILE_EMPTY`, `PROFILE_TRUNCATED`, `PROFILE_MALFORMED`,
 * `PROFILE_TOO_LARGE`, `PROFILE_VERSION` or `PROFILE_UNKNOWN_FORMAT`
 */
export async function readWhet(bytes: Uint8Array, codec: Pick<Codec, 'inflate'>): Promise<Profile> {
  const directory = await readDirectory(bytes, codec);
  const blocks = new Blocks(bytes, codec, directory.columns, directory.start);

  const strings = (await blocks.texts('strings', MOST_STRINGS)).map((value, row) => {
    if (value === null) throw malformed(`column strings.length, row ${row}: expected a length from 0`);
    return value;
  });
  const counts = {
    strings: strings.length,
    functions: blocks.rows('functions.name'),
    nodes: blocks.rows('nodes.parent'),
    threads: directory.threads.length,
  };
  const functions = await blocks.table('functions', tables.functions, counts);
  const nodes = await blocks.table('nodes', tables.nodes, counts);
  const samples = [];
  for (const i of directory.threads.keys()) {
    samples.push(await blocks.table(`samples.${i}`, tables.samples, counts));
  }
  const measures = [];
  for (const [i, measure] of directory.measures.entries()) {
    const { name, unit, kind, per } = measure;
    const columns: TableOf<typeof tables.measurePerNode> = await blocks.table(
      `measures.${i}`,
      measureShapes(measure),
      counts,
    );
    measures.push({ name, unit, kind, per, ...columns });
  }
  const series = [];
  for (const [i, { name, unit, thread }] of directory.series.entries()) {
    if (thread >= counts.threads) {
      throw malformed(`the directory: expected a thread below ${counts.threads} at series[${i}].thread`);
    }
    series.push({ name, unit, thread, ...(await blocks.table(`series.${i}`, tables.series, counts)) });
  }
  const files = await blocks.table('sources', sourceShapes, counts);
  const texts = await blocks.texts('sources', strings.length);
  if (texts.length !== files.file.length) {
    throw malformed(`column sources.length: expected ${files.file.length} rows, found ${texts.length}`);
  }
  return {
    about: directory.about,
    strings,
    functions,
    nodes,
    threads: directory.threads,
    samples,
    measures,
    series,
    waits: await blocks.table('waits', tables.waits, counts),
    collections: await blocks.table('collections', tables.collections, counts),
    marks: await blocks.table('marks', tables.marks, counts),
    deoptimisations: await blocks.table('deoptimisations', tables.deoptimisations, counts),
    sources: texts.map((value, row) => ({ file: files.file[row] as number, text: value })),
  };
}

const MOST = Number.MAX_SAFE_INTEGER;

const directoryShape = fields({
  about: aboutShape,
  threads: threadsShape,
  measures: measuresShape,
  series: seriesShape,
  columns: listOf(
    fields({
      name: text,
      type: oneOf('u8', 'i32', 'f64'),
      length: whole(0, MOST),
      codec: oneOf('plain', 'planes', 'varint', 'delta'),
      scale: whole(1, 1000),
      bytes: whole(0, MOST),
      stored: whole(0, MOST),
      crc: whole(0, 0xffffffff),
    }),
  ),
});

async function readDirectory(
  bytes: Uint8Array,
  codec: Pick<Codec, 'inflate'>,
): Promise<Directory & { readonly start: number }> {
  if (bytes.length === 0) throw new ProfileError('PROFILE_EMPTY', 'The file is empty.');
  const magic = bytes.subarray(0, whetMagic.length);
  if (!magic.every((byte, i) => byte === whetMagic[i])) {
    throw new ProfileError(
      'PROFILE_UNKNOWN_FORMAT',
      'This is no .whet file: expected its signature at byte 0.',
    );
  }
  if (bytes.length < HEADER) throw truncated(bytes.length, `a header of ${HEADER} bytes`);
  const header = new DataView(bytes.buffer, bytes.byteOffset, HEADER);
  const version = header.getUint32(8, true);
  if (version === 0 || version > whetVersion) {
    throw new ProfileError(
      'PROFILE_VERSION',
      `The file has version ${version} of the .whet format at byte 8; this Whetstone reads up to ${whetVersion}. Use a newer one.`,
    );
  }
  const stored = header.getUint32(12, true);
  const length = header.getUint32(16, true);
  const start = HEADER + stored;
  if (length > LARGEST_DIRECTORY)
    throw tooLarge(`a directory of at most ${LARGEST_DIRECTORY} bytes at byte 16, found ${length}`);
  if (start > bytes.length) throw truncated(bytes.length, `the directory's end at byte ${start}`);
  const json = await blockOf(
    bytes,
    HEADER,
    stored,
    length,
    header.getUint32(20, true),
    'the directory',
    codec,
  );
  const decoded = readUtf8(json, 0, json.length);
  if (typeof decoded === 'number') throw malformed(`the directory: expected UTF-8 at its byte ${decoded}`);
  let directory: unknown;
  try {
    directory = JSON.parse(decoded, (key, value) => (key === '__proto__' ? undefined : value));
  } catch (error) {
    throw malformed(`the directory at byte ${HEADER}: expected JSON`, error);
  }
  const wrong = directoryShape(directory, 'directory');
  if (wrong !== undefined) throw malformed(`the directory at byte ${HEADER}: ${wrong}`);
  return { ...(directory as Directory), start };
}

/** The blocks after the directory, found by name. */
class Blocks {
  readonly #bytes: Uint8Array;
  readonly #codec: Pick<Codec, 'inflate'>;
  readonly #entries = new Map<string, { readonly entry: Entry; readonly start: number }>();

  constructor(bytes: Uint8Array, codec: Pick<Codec, 'inflate'>, columns: readonly Entry[], start: number) {
    this.#bytes = bytes;
    this.#codec = codec;
    let at = start;
    let memory = 0;
    for (const entry of columns) {
      if (this.#entries.has(entry.name)) throw malformed(`the directory: expected ${entry.name} once`);
      if (entry.length > MOST_ROWS)
        throw tooLarge(`at most ${MOST_ROWS} rows in column ${entry.name}, found ${entry.length}`);
      memory += entry.bytes + entry.length * 8;
      if (memory > LARGEST_PROFILE) throw tooLarge(`columns of at most ${LARGEST_PROFILE} bytes together`);
      if (entry.scale !== 1 && (entry.scale !== 1000 || entry.type !== 'f64')) {
        throw malformed(`the directory: expected a scale of 1 for ${entry.name}`);
      }
      this.#entries.set(entry.name, { entry, start: at });
      at += entry.stored;
      if (at > bytes.length) {
        throw truncated(bytes.length, `the end of column ${entry.name} at byte ${at}`);
      }
    }
    if (at !== bytes.length)
      throw malformed(`expected the end of the file at byte ${at}, found ${bytes.length - at} more`);
  }

  /** How many rows a column has. */
  rows(name: string): number {
    return this.#found(name).entry.length;
  }

  async table<T extends Readonly<Record<string, ColumnShape>>>(
    name: string,
    shapes: T,
    counts: RowCounts,
  ): Promise<TableOf<T>> {
    const table: Record<string, Column> = {};
    let rows: number | undefined;
    for (const [column, shape] of Object.entries(shapes)) {
      const values = await this.#column(`${name}.${column}`, shape, counts);
      rows ??= values.length;
      if (values.length !== rows) {
        throw malformed(`column ${name}.${column}: expected ${rows} rows, found ${values.length}`);
      }
      table[column] = values;
    }
    return table as TableOf<T>;
  }

  async texts(name: string, most: number): Promise<readonly (string | null)[]> {
    const lengths = await this.#decoded(`${name}.length`, 'i32');
    const bytes = (await this.#decoded(`${name}.bytes`, 'u8')) as Uint8Array;
    if (lengths.length > most)
      throw tooLarge(`at most ${most} rows in column ${name}.length, found ${lengths.length}`);
    const texts: (string | null)[] = [];
    let at = 0;
    for (let row = 0; row < lengths.length; row++) {
      const length = lengths[row] as number;
      if (length < -1 || at + length > bytes.length) {
        throw malformed(
          `column ${name}.length, row ${row}: expected a length from -1 to ${bytes.length - at}, found ${length}`,
        );
      }
      if (length < 0) {
        texts.push(null);
        continue;
      }
      const decoded = readUtf8(bytes, at, at + length);
      if (typeof decoded === 'number')
        throw malformed(`column ${name}.bytes: expected UTF-8 at its byte ${decoded}`);
      texts.push(decoded);
      at += length;
    }
    if (at !== bytes.length)
      throw malformed(`column ${name}.bytes: expected ${at} bytes, found ${bytes.length}`);
    return texts;
  }

  async #column(name: string, shape: ColumnShape, counts: RowCounts): Promise<Column> {
    const values = await this.#decoded(name, shape.type);
    const wrong = wrongValue(values, shape.rule, counts);
    if (wrong !== undefined) {
      throw malformed(
        `column ${name} at byte ${this.#found(name).start}, row ${wrong.row}: expected ${wrong.expected}, found ${values[wrong.row]}`,
      );
    }
    // Bytes are still a part of the file, or Node's Buffer: the profile gets its own, as plain as the others.
    return values instanceof Uint8Array ? new Uint8Array(values) : values;
  }

  async #decoded(name: string, type: ColumnShape['type']): Promise<Column> {
    const { entry, start } = this.#found(name);
    if (entry.type !== type)
      throw malformed(`the directory: expected type ${type} for ${name}, found ${entry.type}`);
    const bytes = await blockOf(
      this.#bytes,
      start,
      entry.stored,
      entry.bytes,
      entry.crc,
      `column ${name}`,
      this.#codec,
    );
    const values = decodeColumn({ ...entry, bytes });
    if ('expected' in values) {
      throw malformed(
        `column ${name} at byte ${start}: expected ${values.expected} at byte ${values.at} of the block`,
      );
    }
    return values;
  }

  #found(name: string) {
    const found = this.#entries.get(name);
    if (found === undefined) throw malformed(`the directory: expected a column ${name}`);
    return found;
  }
}

/** The bytes of a block, checked and inflated. */
async function blockOf(
  file: Uint8Array,
  start: number,
  stored: number,
  length: number,
  crc: number,
  what: string,
  codec: Pick<Codec, 'inflate'>,
): Promise<Uint8Array> {
  const place = `${what} at byte ${start}`;
  if (stored > length) throw malformed(`${place}: expected at most ${length} bytes stored, found ${stored}`);
  if (length > stored * DEFLATE_AT_MOST) {
    throw malformed(
      `${place}: expected at most ${stored * DEFLATE_AT_MOST} bytes in ${stored}, found ${length}`,
    );
  }
  const block = file.subarray(start, start + stored);
  const found = crc32(block);
  if (found !== crc)
    throw malformed(`${place}: expected checksum ${crc}, found ${found}: the file is damaged`);
  if (stored === length) return block;
  let inflated;
  try {
    inflated = await codec.inflate(block, length);
  } catch (error) {
    throw malformed(`${place}: expected deflated data of ${length} bytes`, error);
  }
  if (inflated.length !== length)
    throw malformed(`${place}: expected ${length} bytes, found ${inflated.length}`);
  return inflated;
}

function failure(code: ProfileErrorCode, message: string, cause?: unknown): ProfileError {
  return new ProfileError(code, message, cause === undefined ? undefined : { cause });
}

const malformed = (what: string, cause?: unknown) =>
  failure('PROFILE_MALFORMED', `The .whet file is damaged: ${what}.`, cause);

const tooLarge = (what: string) =>
  failure('PROFILE_TOO_LARGE', `The .whet file is too large: expected ${what}.`);

const truncated = (length: number, what: string) =>
  failure('PROFILE_TRUNCATED', `The .whet file ends at byte ${length}: expected ${what}.`);
