import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RawThread } from '../recording.ts';
import type { RawPiece, RawRecord, RawStart } from './raw.ts';

/**
 * Reads what the agents of one run wrote into its folder, the threads of `process` first, then by their start.
 *
 * A file may end in the middle of a line, where its process was killed: the whole lines count.
 */
export function readRaw(folder: string, process: number | null): RawThread[] {
  const threads: RawThread[] = [];
  for (const name of readdirSync(folder)) {
    if (!name.endsWith('.jsonl')) continue;
    const thread = readThread(path.join(folder, name));
    if (thread !== null) threads.push(thread);
  }
  const rank = ({ start }: RawThread) => (start.pid === process ? (start.threadId === 0 ? 0 : 1) : 2);
  return threads.sort((a, b) => rank(a) - rank(b) || a.start.began - b.start.began);
}

function readThread(file: string): RawThread | null {
  let start: RawStart | null = null;
  let ended = false;
  const records: RawRecord[] = [];
  for (const line of lines(readFileSync(file))) {
    const record = recordOf(line);
    if (record === null) continue;
    if (record.type === 'start') start = record;
    if (record.type === 'end') ended = true;
    records.push(record);
  }
  return start === null ? null : { start, records, ended };
}

/** Whole lines only; a file can be larger than the longest string. */
function* lines(bytes: Buffer): Generator<Buffer> {
  let from = 0;
  for (let to = bytes.indexOf(10); to >= 0; to = bytes.indexOf(10, from)) {
    if (to > from) yield bytes.subarray(from, to);
    from = to + 1;
  }
}

const pieceMark = Buffer.from('{"type":"piece"');

function recordOf(line: Buffer): RawRecord | null {
  try {
    if (line.subarray(0, pieceMark.length).equals(pieceMark)) return JSON.parse(line.toString()) as RawPiece;
    const record: unknown = JSON.parse(line.toString());
    return isRecord(record) ? record : null;
  } catch {
    // Two writers cannot meet in one file, so a broken line is one that the disk had no room for.
    return null;
  }
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
