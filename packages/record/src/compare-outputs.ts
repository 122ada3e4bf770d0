import { closeSync, openSync, readSync } from 'node:fs';
import type { ProfileWarning } from '@whetstone/profile';
import { spooled } from './streams.ts';

type Exit = { readonly code: number | null; readonly signal: string | null };

/**
 * What two runs of one program did differently: nothing, if what the second saw may be joined to the times of
 * the first.
 *
 * @param folder where the streams of both are kept, as {@link spooled} names the files
 * @param run name of the second run's files
 * @param did what it did, for a sentence: `counted`
 * @param compared streams that nothing but the program prints to
 */
export function compareOutputs(
  folder: string,
  run: string,
  did: string,
  first: Exit,
  second: Exit,
  compared: readonly ('stdout' | 'stderr')[],
): ProfileWarning[] {
  const warnings: ProfileWarning[] = [];
  const [a, b] = [spooled(folder, 'first'), spooled(folder, run)];
  for (const stream of compared) {
    const difference = firstDifference(a[stream], b[stream]);
    if (difference === null) continue;
    warnings.push({
      code: 'outputs-differ',
      message: `The run that ${did} printed something else: ${stream} differs from byte ${difference.byte} on (line ${difference.line}). Its figures may belong to other work than the times.`,
    });
  }
  if (first.code !== second.code || first.signal !== second.signal) {
    warnings.push({
      code: 'exits-differ',
      message: `The run that ${did} ended with ${described(second)}, the first with ${described(first)}.`,
    });
  }
  return warnings;
}

function described({ code, signal }: Exit): string {
  return signal ?? `exit code ${code}`;
}

const CHUNK = 1 << 16;

/** The first byte, from 0, in which two files differ, with its line from 1; `null` if they are the same. */
function firstDifference(first: string, second: string): { byte: number; line: number } | null {
  const files = [openSync(first, 'r'), openSync(second, 'r')] as const;
  const [a, b] = [Buffer.alloc(CHUNK), Buffer.alloc(CHUNK)];
  let line = 1;
  try {
    for (let byte = 0; ; byte += CHUNK) {
      const lengths = [readWhole(files[0], a, byte), readWhole(files[1], b, byte)] as const;
      const common = Math.min(...lengths);
      for (let at = 0; at < common; at++) {
        if (a[at] !== b[at]) return { byte: byte + at, line };
        if (a[at] === 10) line++;
      }
      if (lengths[0] !== lengths[1]) return { byte: byte + common, line };
      if (common < CHUNK) return null;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}

function readWhole(file: number, into: Buffer, position: number): number {
  let length = 0;
  for (let read = -1; read !== 0 && length < into.length; length += read) {
    read = readSync(file, into, length, into.length - length, position + length);
  }
  return length;
}
