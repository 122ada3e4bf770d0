import { AnyMap, originalPositionFor, traceSegment, type TraceMap } from '@jridgewell/trace-mapping';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** Where the user wrote what was generated. Lines count from 1, columns from 0. */
export interface OriginalPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The name in the source, where the generated one differs and the map has it. */
  readonly name: string | null;
}

/** A source map that was read, with the texts it brings along. */
export interface SourceMap {
  /** The source of a generated place, `null` where none is mapped. */
  place(line: number, column: number): OriginalPlace | null;
  /**
   * The source of a generated line, between two columns. Where the stretch comes from several lines
   * the first is taken; `null` where none is mapped.
   */
  line(line: number, from: number, to: number): OriginalPlace | null;
  /** The source, if everything was made from one. */
  readonly onlySource: string | null;
  /** Text of a source, if the map has it. */
  text(file: string): string | null;
}

/** The longest tail of a file in which its map's address is looked for; inline maps may be megabytes. */
const MARK = 'sourceMappingURL=';

/**
 * Reads the map that a generated text names: inline, or a file beside it; with sections or without.
 *
 * Sources that neither exist nor come with the map are left unmapped: better a line that can be
 * looked at than one that cannot.
 *
 * @param path of the generated file
 */
export function sourceMapOf(
  text: string,
  path: string,
  readText: (path: string) => string | null,
): SourceMap | null {
  const address = addressOf(text);
  if (address === null) return null;
  const inline = /^data:[^,]*,/.exec(address);
  try {
    if (inline !== null) {
      const body = address.slice(inline[0].length);
      const json = inline[0].includes(';base64')
        ? Buffer.from(body, 'base64').toString('utf8')
        : decodeURIComponent(body);
      return opened(json, path, readText);
    }
    const mapPath = address.startsWith('file:')
      ? fileURLToPath(address)
      : resolve(dirname(path), decodeURIComponent(address.replace(/[?#].*$/, '')));
    const json = readText(mapPath);
    return json === null ? null : opened(json, mapPath, readText);
  } catch {
    // A broken map is a missing map: the generated place is true, and shown.
    return null;
  }
}

/** The map that the loader wrote beside what it compiled: it leads to one file, whatever its path looks like. */
export function loaderMapOf(json: string, file: string): SourceMap | null {
  try {
    const map = JSON.parse(json) as object;
    const sources = [pathToFileURL(file).href];
    return opened(
      JSON.stringify({ ...map, sources, sourcesContent: [null], sourceRoot: '' }),
      file,
      () => '',
    );
  } catch {
    // A cache that was damaged: the lines of what ran are shown.
    return null;
  }
}

function addressOf(text: string): string | null {
  const at = text.lastIndexOf(MARK);
  if (at < 0) return null;
  const before = text.slice(Math.max(0, at - 4), at);
  if (!/(?:\/\/|\/\*)[#@][ \t]$/.test(before)) return null;
  const end = /[\s'"*]/.exec(text.slice(at + MARK.length, at + MARK.length + 4096));
  const length = end === null ? text.slice(at + MARK.length).search(/\s|$/) : end.index;
  const address = text.slice(at + MARK.length, at + MARK.length + length);
  return address === '' ? null : address;
}

function opened(json: string, mapPath: string, readText: (path: string) => string | null): SourceMap {
  // The first line may be `)]}'`, against inclusion as a script.
  const map: TraceMap = new AnyMap(json.replace(/^\)\]\}[^\n]*\n/, ''), pathToFileURL(mapPath).href);
  const files = new Map<string, string | null>();
  const texts = new Map<string, string>();
  for (const [index, source] of map.resolvedSources.entries()) {
    if (source === null || source === '') continue;
    const content = map.sourcesContent?.[index] ?? null;
    const file = fileOf(source, mapPath, content !== null, readText);
    files.set(source, file);
    if (file !== null && content !== null) texts.set(file, content);
  }
  const original = (
    source: string | null,
    line: number | null,
    column: number | null,
    name: string | null,
  ) => {
    const file = source === null ? null : (files.get(source) ?? null);
    return file === null || line === null ? null : { file, line, column: column ?? 0, name };
  };
  return {
    place(line, column) {
      if (line < 1 || column < 0) return null;
      const found = originalPositionFor(map, { line, column });
      const exact = found.name === null ? null : traceSegment(map, line - 1, column);
      return original(found.source, found.line, found.column, exact?.[0] === column ? found.name : null);
    },
    line(line, from, to) {
      if (line < 1 || from < 0) return null;
      const start = originalPositionFor(map, { line, column: from });
      if (start.source !== null) return original(start.source, start.line, start.column, null);
      // Nothing is mapped at its start: the first that is.
      const next = originalPositionFor(map, { line, column: from, bias: 1 });
      return next.source === null || to < from ? null : original(next.source, next.line, next.column, null);
    },
    onlySource: files.size === 1 ? ([...files.values()][0] as string | null) : null,
    text: (file) => texts.get(file) ?? null,
  };
}

/** Path of a source, `null` where there is nothing to show for it. */
function fileOf(
  source: string,
  mapPath: string,
  hasText: boolean,
  readText: (path: string) => string | null,
): string | null {
  if (source.startsWith('file:')) {
    const path = fileURLToPath(source);
    return hasText || readText(path) !== null ? path : null;
  }
  // `webpack://name/./src/a.ts` and its like: below the folder of the map or one of those around it.
  const inside = /^[a-z][a-z0-9+.-]*:\/\/[^/]*\/(?:\.\/)?(.+)$/i.exec(source);
  if (inside !== null) {
    const relative = (inside[1] as string).replace(/\?.*$/, '');
    let folder = dirname(mapPath);
    for (;;) {
      const path = resolve(folder, relative);
      if (readText(path) !== null) return path;
      const above = dirname(folder);
      if (above === folder) break;
      folder = above;
    }
  }
  return hasText ? source : null;
}
