/** One place at which optimised code was thrown away. */
export interface Deoptimisation {
  /** As the engine names the file. */
  readonly url: string;
  /** As the engine numbers it, from 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly reason: string;
}

/**
 * Reads V8's log of deoptimisations (`--log-deopt`).
 *
 * A line is `code-deopt,time,size,address,inliningId,scriptOffset,kind,"<file:line:column> inlined at …",reason`;
 * the place is quoted only where it holds a comma. Lines that are torn or of another kind are left out.
 */
export function deoptimisations(log: string): Deoptimisation[] {
  const found: Deoptimisation[] = [];
  for (const text of log.split('\n')) {
    if (!text.startsWith('code-deopt,')) continue;
    const place = /<(.+?):(\d+):(\d+)>/.exec(text);
    if (place === null) continue;
    const reason = unescaped(text.slice(text.lastIndexOf(',') + 1).replace(/^"|"$/g, ''));
    found.push({
      url: unescaped(place[1] as string),
      line: Number(place[2]),
      column: Number(place[3]),
      reason,
    });
  }
  return found;
}

/** V8 writes `,` as `\x2C`, and others likewise. */
function unescaped(text: string): string {
  return text.replace(/\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})/g, (_, byte?: string, unit?: string) =>
    String.fromCharCode(parseInt((byte ?? unit) as string, 16)),
  );
}
