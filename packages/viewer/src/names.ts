import type { Opened } from './worker/messages.ts';

const interpreter = /(?:^|[\\/])(?:node|nodejs|python|pypy)[\d.]*(?:\.exe)?$/;

/** What the page calls functions and places. */
export class Names {
  readonly #opened: Opened;
  readonly #below: string;

  constructor(opened: Opened) {
    this.#opened = opened;
    this.#below = `${opened.about.workingDirectory.replace(/[\\/]$/, '')}/`;
  }

  /** Name of a function; -1 is the program itself. */
  function(fn: number): string {
    if (fn < 0) return this.program();
    return this.#opened.strings[this.#opened.functions.name[fn]!] || '(anonymous)';
  }

  /** Name of a function where nothing else stands beside it: one without a name has its place. */
  label(fn: number): string {
    if (fn < 0 || this.#opened.strings[this.#opened.functions.name[fn]!] !== '') return this.function(fn);
    const place = this.place(fn).replace(/^.*[\\/]/, '');
    return place === '' ? '(anonymous)' : `(${place})`;
  }

  /** The program's command in one word: the script behind an interpreter, the module behind `-m`. */
  program(): string {
    const [first = 'profile', ...rest] = this.#opened.about.command;
    const behind = first === '-m' || interpreter.test(first);
    const word = behind ? rest.find((each) => !each.startsWith('-')) : first;
    return (word ?? first).replace(/^.*[\\/]/, '');
  }

  /** A file as it is shortest to read: below the working directory without it, in a package or Python's library from its name on. */
  file(file: number): string {
    const path = this.#opened.strings[file] ?? '';
    const local = path.startsWith(this.#below) ? path.slice(this.#below.length) : path;
    // Greedy: of a package inside a package the inner one.
    const installed =
      /^.*(?:node_modules|site-packages|dist-packages|[\\/]lib[\\/]python\d[\d.]*t?)[\\/]/.exec(local);
    return installed === null ? local : local.slice(installed[0].length);
  }

  /** Full path of a file. */
  path(file: number): string {
    return this.#opened.strings[file] ?? '';
  }

  fileOf(fn: number): number {
    return fn < 0 ? -1 : this.#opened.functions.file[fn]!;
  }

  /** File and line of a function, empty where it has none. */
  place(fn: number, line = this.#opened.functions.line[fn] ?? 0): string {
    const file = fn < 0 ? '' : this.file(this.#opened.functions.file[fn]!);
    if (file === '') return '';
    return line > 0 ? `${file}:${line}` : file;
  }

  category(fn: number): number {
    return this.#opened.functions.category[fn] ?? 0;
  }
}
