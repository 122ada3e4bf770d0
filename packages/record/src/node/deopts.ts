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

/** Code that is thrown away for better code: nothing is lost. */
const tieringUp = /^(?:prepare for on stack replacement|exit from OSR'd inner loop)/;

/**
 * Reads V8's traces of deoptimisations (`--trace-deopt --trace-deopt-verbose`).
 *
 * A line `[bailout (kind: …, reason: …): begin. …` is followed by `;;; deoptimize at <file:line:column>`, with
 * `inlined at <…>` behind it where the code was inlined: the first place is the true one. What is torn, and
 * what has no place, is left out.
 */
export function deoptimisations(traces: string): Deoptimisation[] {
  const found: Deoptimisation[] = [];
  let reason: string | null = null;
  for (const [text] of traces.matchAll(/\[bailout \(.*$|^ +;;; deoptimize at .*$/gm)) {
    if (text.startsWith('[')) {
      reason = /reason: (.+?)\): begin/.exec(text)?.[1] ?? null;
      continue;
    }
    const place = /at <(.+?):(\d+):(\d+)>/.exec(text);
    if (place !== null && reason !== null && !tieringUp.test(reason)) {
      found.push({ url: place[1] as string, line: Number(place[2]), column: Number(place[3]), reason });
    }
    reason = null;
  }
  return found;
}
