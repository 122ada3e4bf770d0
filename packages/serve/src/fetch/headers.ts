import { inspect } from 'node:util';
import type { Incoming } from '../engine/engine.ts';
import { valueIn } from '../http/fields.ts';

/** What the constructor of {@link Headers} takes. */
export type HeadersInit =
  | Headers
  | Iterable<readonly [string, string]>
  | Readonly<Record<string, string>>
  | globalThis.Headers;

const names = new Map<string, string>();
const namesAtMost = 512;

/** A field name in lower case. @throws TypeError where it is no token */
export function fieldName(name: string): string {
  const known = names.get(name);
  if (known !== undefined) return known;
  const text = String(name);
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text)) throw new TypeError(`'${text}' is no header name`);
  const lower = text.toLowerCase();
  if (names.size >= namesAtMost) names.clear();
  names.set(text, lower);
  return lower;
}

/** A field value without space around it. @throws TypeError where it holds NUL, CR, LF or more than Latin-1 */
export function fieldValue(value: string): string {
  const text = typeof value === 'string' ? value : String(value);
  if (/^[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/.test(text)) return text;
  const cut = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '');
  // oxlint-disable-next-line no-control-regex -- these are what must not be there
  if (/[\0\r\n]|[^\0-\xff]/.test(cut)) throw new TypeError(`'${cut}' cannot be a header's value`);
  return cut;
}

/** A checked flat list of what `init` holds. */
export function fieldListOf(init: HeadersInit | undefined | null): string[] {
  if (init === undefined || init === null) return [];
  if (init instanceof Headers) return fieldsIn(init).slice();
  const list: string[] = [];
  if (typeof init !== 'object') throw new TypeError('headers are an object, a list of pairs or Headers');
  if (Symbol.iterator in init) {
    for (const pair of init as Iterable<readonly string[]>) {
      const [name, value, ...more] = pair;
      if (name === undefined || value === undefined || more.length > 0)
        throw new TypeError('a header is a pair of name and value');
      list.push(fieldName(name), fieldValue(value));
    }
    return list;
  }
  for (const name of Object.keys(init))
    list.push(fieldName(name), fieldValue((init as Record<string, string>)[name]!));
  return list;
}

/** The list behind `headers`: name, value, …; changing it changes them. */
export let fieldsIn: (headers: Headers) => string[];
/** Headers over a list that is checked. */
export let headersOver: (list: string[]) => Headers;
/** The headers of a request; changing them changes its fields. */
export let headersOf: (incoming: FieldSource) => Headers;

type FieldSource = Pick<Incoming, 'fields' | 'fieldLines'>;

/** `Headers` of the platform's shape, over one flat list. */
export class Headers {
  #cut: string[] | null;
  /** Where the list comes from when it is first needed. */
  #source: FieldSource | null = null;

  static {
    fieldsIn = (headers) => headers.#list;
    headersOver = (list) => {
      const headers = new Headers(null);
      headers.#cut = list;
      return headers;
    };
    headersOf = (incoming) => {
      const headers = new Headers(null);
      headers.#source = incoming;
      return headers;
    };
  }

  constructor(init?: HeadersInit | null) {
    this.#cut = init === null ? null : fieldListOf(init);
  }

  get #list(): string[] {
    this.#cut ??= this.#source?.fields ?? [];
    return this.#cut;
  }

  append(name: string, value: string): void {
    this.#list.push(fieldName(name), fieldValue(value));
  }

  delete(name: string): void {
    const wanted = fieldName(name);
    const list = this.#list;
    for (let i = list.length - 2; i >= 0; i -= 2) if (list[i] === wanted) list.splice(i, 2);
  }

  get(name: string): string | null {
    const wanted = fieldName(name);
    const lines = this.#source?.fieldLines ?? null;
    if (lines !== null && this.#cut === null) return valueIn(lines, wanted);
    const list = this.#list;
    let found: string | null = null;
    for (let i = 0; i < list.length; i += 2)
      if (list[i] === wanted) found = found === null ? list[i + 1]! : `${found}, ${list[i + 1]!}`;
    return found;
  }

  getSetCookie(): string[] {
    return this.#list.filter((_, i, list) => i % 2 === 1 && list[i - 1] === 'set-cookie');
  }

  has(name: string): boolean {
    const wanted = fieldName(name);
    for (let i = 0; i < this.#list.length; i += 2) if (this.#list[i] === wanted) return true;
    return false;
  }

  set(name: string, value: string): void {
    const wanted = fieldName(name);
    const checked = fieldValue(value);
    const list = this.#list;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] !== wanted) continue;
      list[i + 1] = checked;
      for (let j = list.length - 2; j > i; j -= 2) if (list[j] === wanted) list.splice(j, 2);
      return;
    }
    list.push(wanted, checked);
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this) callback.call(self, value, name, this);
  }

  *entries(): IterableIterator<[string, string]> {
    yield* this.#sorted();
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#sorted()) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.#sorted()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }

  /** By name, values of one name joined; each cookie apart. */
  #sorted(): [string, string][] {
    const pairs: [string, string][] = [];
    const joined = new Map<string, [string, string]>();
    for (let i = 0; i < this.#list.length; i += 2) {
      const name = this.#list[i]!;
      const value = this.#list[i + 1]!;
      const before = name === 'set-cookie' ? undefined : joined.get(name);
      if (before) {
        before[1] += `, ${value}`;
      } else {
        const pair: [string, string] = [name, value];
        pairs.push(pair);
        joined.set(name, pair);
      }
    }
    return pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  [inspect.custom](_depth: number, options: object): string {
    return `Headers ${inspect(Object.fromEntries(this.#sorted()), options)}`;
  }
}
