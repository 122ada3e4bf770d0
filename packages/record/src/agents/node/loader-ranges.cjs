'use strict';
// Lines of their own for every file, on engines that charge inlined code to the wrong one, and the way
// back from the engine's positions to the user's.
const fs = require('node:fs');

const { readFileSync } = fs;
/** Below are the lines of Node's own files, of evaluated code and of files without a range. */
const firstBase = 8192;
/**
 * CommonJS gets its range as an offset, which costs nothing; modules get theirs as that many newlines in
 * front. Offsets begin where no padding comes to.
 */
const firstOffset = 1 << 24;
/** V8 keeps line numbers in 31 bits. */
const lastLine = 2 ** 30;
/** Bytes of newlines: about 1 ms of scanning a megabyte, and they stay in memory with the source. */
const ownBudget = 24 << 20;
const packageBudget = 8 << 20;

exports.createRanges = function createRanges({ record, note }) {
  let nextOffset = firstOffset;
  let nextBase = firstBase;
  let padded = 0;
  let told = false;
  const files = new Map();

  /** Says, once, that a file keeps its lines. */
  function tellPartial() {
    if (!told)
      note(
        'ranges-partial',
        'Some modules have no lines of their own: inlined code may be charged to the wrong file',
      );
    told = true;
  }

  return {
    files,
    tellPartial,
    /** Lines to add to a CommonJS file. */
    offset(lines) {
      if (nextOffset + lines > lastLine) return 0;
      const base = nextOffset;
      nextOffset += lines;
      return base;
    },
    /** Newlines to put before a module; 0 where that has become too expensive. */
    padding(lines, isPackage) {
      if (padded + nextBase > (isPackage ? packageBudget : ownBudget)) {
        tellPartial();
        return 0;
      }
      const base = nextBase;
      padded += base;
      nextBase += lines;
      return base;
    },
    /** Makes a file known to the parent and to the stacks. */
    add(url, script) {
      const { sourceMap, ...rest } = script;
      const mapped = script.map === 'source-map';
      files.set(url, {
        base: script.base,
        file: script.file,
        mapped,
        ran: script.ran,
        sourceMap,
        decoded: null,
      });
      record({ type: 'script', url, ...rest });
    },
    /** The user's position for the engine's, both from 1; null where they are the same. */
    original(url, line, column) {
      const known = files.get(url);
      if (!known) return null;
      const place = { line: line > known.base ? line - known.base : line, column };
      if (known.mapped) return throughMap(known, place) ?? place;
      return known.base === 0 ? null : place;
    },
  };
};

/** Lines as the engine counts them. */
exports.countLines = function countLines(text) {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
};

function throughMap(known, { line, column }) {
  known.decoded ??= decode(known);
  const segments = known.decoded[line - 1];
  if (!segments || segments.length === 0) return null;
  let low = 0;
  let high = segments.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (segments[middle][0] <= column - 1) low = middle;
    else high = middle - 1;
  }
  const [, originalLine, originalColumn] = segments[low];
  return { line: originalLine + 1, column: originalColumn + 1 };
}

function decode(known) {
  try {
    return decodeMappings(JSON.parse(known.sourceMap ?? readFileSync(`${known.ran}.map`, 'utf8')).mappings);
  } catch {
    // Without its map a file shows the lines that ran.
    return [];
  }
}

const digits = new Map(
  [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((c, i) => [c, i]),
);

/** For each line its segments `[column, original line, original column]`, all from 0, of a map with one source. */
function decodeMappings(mappings) {
  const lines = [];
  let originalLine = 0;
  let originalColumn = 0;
  for (const group of mappings.split(';')) {
    const segments = [];
    let column = 0;
    for (const segment of group.split(',')) {
      if (segment === '') continue;
      const fields = [];
      let value = 0;
      let shift = 0;
      for (const c of segment) {
        const digit = digits.get(c);
        value += (digit & 31) << shift;
        if (digit & 32) shift += 5;
        else {
          fields.push(value & 1 ? -(value >> 1) : value >> 1);
          value = shift = 0;
        }
      }
      column += fields[0];
      if (fields.length < 4) continue;
      originalLine += fields[2];
      originalColumn += fields[3];
      segments.push([column, originalLine, originalColumn]);
    }
    lines.push(segments);
  }
  return lines;
}
