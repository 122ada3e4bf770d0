import type { Colours } from './worker/messages.ts';

/** The ways to look at a profile. */
export const views = ['overview', 'icicle', 'sunburst', 'table', 'source'] as const;
export type ViewName = (typeof views)[number];

export const viewTitles: Readonly<Record<ViewName, string>> = {
  overview: 'Overview',
  icicle: 'Icicle',
  sunburst: 'Sunburst',
  table: 'Table',
  source: 'Source',
};

/** Columns by which the table is sorted. */
export const sortColumns = [
  'name',
  'calls',
  'self',
  'selfPerCall',
  'total',
  'totalPerCall',
  'waited',
  'gain',
  'place',
] as const;
export type SortColumn = (typeof sortColumns)[number];

/** What is shown: all of it is in the page's address, so that links and the back button work. */
export interface Address {
  readonly view: ViewName;
  /** Row in the threads, -1 for all. */
  readonly thread: number;
  /** Whether time spent waiting is shown. */
  readonly waiting: boolean;
  /** What the colours of pictures tell. */
  readonly colours: Colours;
  /** Microseconds, `null` for the whole run. */
  readonly range: readonly [from: number, to: number] | null;
  readonly query: string;
  /** Selected function, a row in the functions, or -1. */
  readonly function: number;
  /** Selected call path, a row in the nodes, or -1. */
  readonly node: number;
  /** Call path that fills the picture, or -1 for the whole. */
  readonly zoom: number;
  /** File of the source view, an index into strings, or -1. */
  readonly file: number;
  /** Line to show in the source view, or 0. */
  readonly line: number;
  readonly sort: SortColumn;
  readonly descending: boolean;
}

export const start: Address = {
  view: 'overview',
  thread: 0,
  waiting: true,
  colours: 'code',
  range: null,
  query: '',
  function: -1,
  node: -1,
  zoom: -1,
  file: -1,
  line: 0,
  sort: 'self',
  descending: true,
};

/** The address as the part of a link behind `#`; what is as at the start is left out. */
export function formatAddress(address: Address): string {
  const fields = new URLSearchParams();
  const number = (key: string, value: number, usual: number) => {
    if (value !== usual) fields.set(key, String(value));
  };
  number('thread', address.thread, start.thread);
  if (!address.waiting) fields.set('waiting', 'no');
  if (address.colours !== start.colours) fields.set('colours', address.colours);
  if (address.range !== null) fields.set('time', address.range.map((time) => Math.round(time)).join('-'));
  if (address.query !== '') fields.set('search', address.query);
  number('function', address.function, start.function);
  number('path', address.node, start.node);
  number('zoom', address.zoom, start.zoom);
  number('file', address.file, start.file);
  number('line', address.line, start.line);
  if (address.sort !== start.sort) fields.set('sort', address.sort);
  if (!address.descending) fields.set('order', 'up');
  const rest = fields.toString();
  return rest === '' ? address.view : `${address.view}?${rest}`;
}

/** Reads what stands behind `#`. Whatever cannot be read is as at the start: an address is untrusted. */
export function readAddress(hash: string): Address {
  const [view = '', rest = ''] = split(hash.replace(/^#/, ''));
  const fields = new URLSearchParams(rest);
  const number = (key: string, usual: number) => {
    const text = fields.get(key);
    return text !== null && /^-?\d{1,10}$/.test(text) ? Number(text) : usual;
  };
  return {
    view: oneOf(views, view, start.view),
    thread: number('thread', start.thread),
    waiting: fields.get('waiting') !== 'no',
    colours: fields.get('colours') === 'states' ? 'states' : 'code',
    range: readRange(fields.get('time')),
    query: fields.get('search') ?? '',
    function: number('function', start.function),
    node: number('path', start.node),
    zoom: number('zoom', start.zoom),
    file: number('file', start.file),
    line: number('line', start.line),
    sort: oneOf(sortColumns, fields.get('sort') ?? '', start.sort),
    descending: fields.get('order') !== 'up',
  };
}

function split(hash: string): [string, string] {
  const at = hash.indexOf('?');
  return at < 0 ? [hash, ''] : [hash.slice(0, at), hash.slice(at + 1)];
}

function oneOf<T extends string>(allowed: readonly T[], text: string, usual: T): T {
  return allowed.find((word) => word === text) ?? usual;
}

function readRange(text: string | null): Address['range'] {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text ?? '');
  if (match === null) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return from < to ? [from, to] : null;
}
