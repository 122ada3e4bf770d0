import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import type { RawThread } from '../recording.ts';
import { compactProfile } from './compact-profile.ts';
import type { RawPiece, RawRecord, RawStart, V8Profile } from './raw.ts';
import { protocolText, withWholeTimes } from './serialized-profile.ts';

/** Bytes of a file that are read at once; a line may be longer. */
const CHUNK = 4 * 2 ** 20;
/** Bytes that may be left to parse at the end: while the program runs, it may need the core. */
const MAY_WAIT = 32 * 2 ** 20;

/**
 * The folder that the agents of one run write into, read while they write: a program that fills it with
 * hundreds of megabytes is not waited for twice.
 *
 * A file may end in the middle of a line, where its process was killed: the whole lines count.
 */
export class RawFolder {
  readonly #folder: string;
  readonly #files = new Map<string, RawFile>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes over what has come since the last look. */
  look(): void {
    for (const name of this.#names()) {
      let file = this.#files.get(name);
      if (file === undefined) this.#files.set(name, (file = new RawFile(path.join(this.#folder, name))));
      file.read();
    }
    const files = [...this.#files.values()];
    if (files.reduce((sum, { unparsed }) => sum + unparsed, 0) <= MAY_WAIT) return;
    for (const file of files) file.parse();
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder).filter((name) => name.endsWith('.jsonl'));
    } catch {
      return [];
    }
  }

  /** What all threads have written, those of `process` first, then by their start. */
  threads(process: number | null): RawThread[] {
    this.look();
    const threads = [...this.#files.values()]
      .map((file) => file.thread())
      .filter((thread) => thread !== null);
    const rank = ({ start }: RawThread) => (start.pid === process ? (start.threadId === 0 ? 0 : 1) : 2);
    return threads.sort((a, b) => rank(a) - rank(b) || a.start.began - b.start.began);
  }
}

/** The file of one thread. */
class RawFile {
  readonly #path: string;
  readonly #records: RawRecord[] = [];
  #start: RawStart | null = null;
  #ended = false;
  #position = 0;
  #chunks: Buffer[] = [];
  /** The beginning of a line whose end has not come yet. */
  #open: Buffer[] = [];

  constructor(file: string) {
    this.#path = file;
  }

  thread(): RawThread | null {
    this.parse();
    if (this.#start === null) return null;
    return { start: this.#start, records: this.#records, ended: this.#ended };
  }

  /** Bytes that are read and not parsed yet. */
  get unparsed(): number {
    return this.#chunks.reduce((sum, { length }) => sum + length, 0);
  }

  read(): void {
    let descriptor: number;
    try {
      descriptor = openSync(this.#path, 'r');
    } catch {
      return;
    }
    try {
      for (;;) {
        const chunk = Buffer.allocUnsafe(
          Math.min(Math.max(fstatSync(descriptor).size - this.#position, 0), CHUNK),
        );
        const length = readSync(descriptor, chunk, 0, chunk.length, this.#position);
        if (length === 0) return;
        this.#position += length;
        this.#chunks.push(chunk.subarray(0, length));
      }
    } finally {
      closeSync(descriptor);
    }
  }

  parse(): void {
    for (const chunk of this.#chunks.splice(0)) this.#take(chunk);
  }

  #take(bytes: Buffer): void {
    let from = 0;
    for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
      const end = bytes.subarray(from, to);
      this.#line(this.#open.length === 0 ? end : Buffer.concat([...this.#open, end]));
      this.#open = [];
      from = to + 1;
    }
    if (from < bytes.length) this.#open.push(bytes.subarray(from));
  }

  #line(line: Buffer): void {
    if (line.length === 0) return;
    const record = recordOf(line);
    if (record === null) return;
    if (record.type === 'start') this.#start = record;
    if (record.type === 'end') this.#ended = true;
    this.#records.push(record.type === 'piece' ? inColumns(record) : record);
  }
}

const nothing: V8Profile = { nodes: [], startTime: 0, endTime: 0 };

function inColumns(piece: RawPiece): RawPiece {
  return { ...piece, compact: compactProfile(piece.profile), profile: nothing };
}

/** The beginning of a piece whose profile is V8's own text. */
const serialized = /^(\{"type":"piece",[^{}]*)"serialized":/;

function recordOf(line: Buffer): RawRecord | null {
  try {
    const text = line.toString();
    if (!serialized.test(text)) return known(JSON.parse(text));
    const record = known(JSON.parse(protocolText(text.replace(serialized, '$1"profile":'))));
    if (record?.type !== 'piece' || record.taken === undefined) return null;
    return { ...record, profile: withWholeTimes(record.profile, record.taken) };
  } catch {
    // Two writers cannot meet in one file, so a broken line is one that the disk had no room for.
    return null;
  }
}

function known(record: unknown): RawRecord | null {
  return isRecord(record) ? record : null;
}

const types: ReadonlySet<unknown> = new Set<RawRecord['type']>([
  'start',
  'script',
  'piece',
  'counts',
  'waits',
  'sites',
  'collections',
  'series',
  'mark',
  'note',
  'end',
]);

function isRecord(value: unknown): value is RawRecord {
  return typeof value === 'object' && value !== null && 'type' in value && types.has(value.type);
}
