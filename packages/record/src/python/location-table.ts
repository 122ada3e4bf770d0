/** Lines of the instructions of one code object. */
export interface CodeLines {
  /** Line of each code unit (two bytes), 0 where there is none. */
  readonly lines: Int32Array;
  /** Last line that any instruction stands on, at least the first line of the code. */
  readonly lastLine: number;
}

const CODE_NONE = 15;
const CODE_LONG = 14;
const CODE_NO_COLUMN = 13;
const CODE_ONE_LINE = 10;

/**
 * Decodes `co_linetable` of CPython 3.11 and later.
 *
 * A damaged table gives the lines before the damage.
 *
 * @see https://github.com/python/cpython/blob/3.13/Objects/locations.md
 */
export function decodeLocationTable(table: Uint8Array, firstLine: number): CodeLines {
  const lines: number[] = [];
  let line = firstLine;
  let lastLine = firstLine;
  let at = 0;

  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < table.length && shift < 32; shift += 6) {
      const byte = table[at++] ?? 0;
      value += (byte & 63) * 2 ** shift;
      if ((byte & 64) === 0) break;
    }
    return value;
  };
  const signed = (): number => {
    const value = varint();
    return value % 2 === 1 ? -(value - 1) / 2 : value / 2;
  };

  while (at < table.length) {
    const first = table[at++] ?? 0;
    if ((first & 128) === 0) break;
    const code = (first >> 3) & 15;
    let end = 0;
    if (code === CODE_LONG) {
      line += signed();
      end = line + varint();
      varint();
      varint();
    } else if (code === CODE_NO_COLUMN) {
      line += signed();
      end = line;
    } else if (code >= CODE_ONE_LINE && code < CODE_NO_COLUMN) {
      line += code - CODE_ONE_LINE;
      end = line;
      at += 2;
    } else if (code !== CODE_NONE) {
      end = line;
      at += 1;
    }
    lastLine = Math.max(lastLine, end);
    for (let unit = (first & 7) + 1; unit > 0; unit--) lines.push(code === CODE_NONE ? 0 : line);
  }
  return { lines: Int32Array.from(lines), lastLine };
}
