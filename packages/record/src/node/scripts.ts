import type { RawThread } from '../recording.ts';
import { pathOf, RanFile } from './ran-file.ts';
import type { RawScript } from './raw.ts';

/** A line of a text that ran. */
export interface RanLine {
  readonly file: RanFile;
  /** From 1, in the text that ran. */
  readonly line: number;
}

/** The texts that ran, each known once, however many threads ran it. */
export class Scripts {
  readonly #files = new Map<string, RanFile>();
  readonly #readText: (path: string) => string | null;

  constructor(readText: (path: string) => string | null) {
    const texts = new Map<string, string | null>();
    this.#readText = (path) => {
      let text = texts.get(path);
      if (text === undefined) {
        text = readText(path);
        texts.set(path, text);
      }
      return text;
    };
  }

  /** What a thread ran, under the names and lines that its engine used. */
  ofThread(thread: RawThread): ThreadScripts {
    const scripts = thread.records.filter((record) => record.type === 'script');
    return new ThreadScripts(scripts, (url, script) => this.#file(url, script));
  }

  /** Text of a source that a program was made from. */
  readText(path: string): string | null {
    for (const file of this.#files.values()) {
      if (file.hasMap) {
        const text = file.map?.text(path) ?? null;
        if (text !== null) return text;
      }
    }
    return this.#readText(path);
  }

  #file(url: string, script: RawScript | null): RanFile {
    const path = script?.file ?? pathOf(url);
    const key = `${path}\n${script?.ran ?? ''}`;
    let file = this.#files.get(key);
    if (file === undefined) {
      file = new RanFile(path, script, this.#readText);
      this.#files.set(key, file);
    }
    return file;
  }
}

interface LineRange {
  readonly first: number;
  readonly last: number;
  readonly base: number;
  readonly file: RanFile;
}

/** The scripts of one thread, under the names and lines that its engine used. */
export class ThreadScripts {
  /** By base, those that have lines of their own. */
  readonly #ranges: LineRange[] = [];
  readonly #byUrl = new Map<string, { readonly file: RanFile; readonly script: RawScript | null }>();
  readonly #file: (url: string, script: RawScript | null) => RanFile;

  constructor(scripts: readonly RawScript[], file: (url: string, script: RawScript | null) => RanFile) {
    this.#file = file;
    for (const script of scripts) {
      const ran = file(script.url, script);
      this.#byUrl.set(script.url, { file: ran, script });
      if (script.base > 0) {
        const first = script.base + 1;
        this.#ranges.push({
          first,
          last: script.base + Math.max(script.lines, 1),
          base: script.base,
          file: ran,
        });
      }
    }
    this.#ranges.sort((a, b) => a.first - b.first);
  }

  /** True where lines tell the file. */
  get hasRanges(): boolean {
    return this.#ranges.length > 0;
  }

  /** The script of an address. */
  file(url: string): RanFile {
    return this.#known(url).file;
  }

  /** The offset in the script's text for one in what the engine was given, which may hold more. */
  textOffset(url: string, engineOffset: number): number {
    const { script } = this.#known(url);
    if (script === null) return engineOffset;
    let offset = Math.max(engineOffset - script.padding, 0);
    for (const [from, characters] of script.inserted ?? []) {
      if (offset <= from) break;
      offset = Math.max(offset - characters, from);
    }
    return offset;
  }

  /** The line of the text that ran for a line of the engine's, from 1. */
  at(url: string, engineLine: number): RanLine {
    const range = this.#rangeOf(engineLine);
    if (range !== null) return { file: range.file, line: engineLine - range.base };
    // A module's own code begins at line 1, in the padding before its text.
    const { file, script } = this.#known(url);
    const base = script?.base ?? 0;
    return { file, line: engineLine > base ? engineLine - base : engineLine };
  }

  /** As {@link at}, but `null` for a line that is in no range. */
  inRange(engineLine: number): RanLine | null {
    const range = this.#rangeOf(engineLine);
    return range === null ? null : { file: range.file, line: engineLine - range.base };
  }

  #rangeOf(line: number): LineRange | null {
    let low = 0;
    let high = this.#ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle] as LineRange;
      if (line < range.first) high = middle - 1;
      else if (line > range.last) low = middle + 1;
      else return range;
    }
    return null;
  }

  #known(url: string) {
    let script = this.#byUrl.get(url);
    if (script === undefined) {
      script = { file: this.#file(url, null), script: null };
      this.#byUrl.set(url, script);
    }
    return script;
  }
}
