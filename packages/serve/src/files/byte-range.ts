/** A part of a file: from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The one part that `Range` asks for; `null` where it asks for none that is served (another unit, several
 * parts, nonsense: the whole file is a right answer then), `'outside'` where the file has no such part.
 */
export function byteRange(field: string | null, size: number): ByteRange | 'outside' | null {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(field ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    return length === 0 ? 'outside' : { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Number(match[2]);
  if (last < start && match[2] !== '') return null;
  if (start >= size) return 'outside';
  return { start, end: Math.min(size, last + 1) };
}
