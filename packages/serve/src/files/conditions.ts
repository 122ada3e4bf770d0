import type { Headers } from '../fetch/headers.ts';

/** What tells one version of a file from another. */
export interface Version {
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds. */
  readonly modified: number;
}

/** What the conditions of a GET or HEAD come to (RFC 9110, 13.2.2): the status to answer with. */
export function conditionsMet(headers: Headers, { etag, modified }: Version): 200 | 304 | 412 {
  const match = headers.get('if-match');
  const unmodified = dateOf(headers.get('if-unmodified-since'));
  if (match !== null) {
    if (!lists(match, etag, false)) return 412;
  } else if (unmodified !== null && seconds(modified) > unmodified) {
    return 412;
  }
  const noneMatch = headers.get('if-none-match');
  const since = dateOf(headers.get('if-modified-since'));
  if (noneMatch !== null) return lists(noneMatch, etag, true) ? 304 : 200;
  return since !== null && seconds(modified) <= since ? 304 : 200;
}

/** Whether a `Range` counts: what the client has a part of is this version. */
export function rangeCounts(condition: string | null, { etag, modified }: Version): boolean {
  if (condition === null) return true;
  if (condition.includes('"')) return condition === etag;
  return dateOf(condition) === seconds(modified);
}

function lists(field: string, etag: string, weakly: boolean): boolean {
  if (field.trim() === '*') return true;
  const tags = field.match(/(?:W\/)?"[^"]*"/g) ?? [];
  return tags.some((tag) => tag === etag || (weakly && tag.replace(/^W\//, '') === etag));
}

function dateOf(field: string | null): number | null {
  const time = field === null ? Number.NaN : Date.parse(field);
  return Number.isNaN(time) ? null : Math.floor(time / 1000);
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
