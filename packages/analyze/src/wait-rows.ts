import type { Profile } from '@whetstone/profile';
import { nowhere, placeOf } from './places.ts';
import { isResting } from './selection.ts';
import type { WaitRow } from './report.ts';

/**
 * Waits added up by place, call and target, the longest time first, over all threads.
 *
 * `charged` counts the main thread alone: it is the part of that thread's sleep.
 */
export function waitRows(profile: Profile): WaitRow[] {
  const { waits, strings, nodes } = profile;
  const rows = new Map<string, { -readonly [K in keyof WaitRow]: WaitRow[K] }>();
  for (let i = 0; i < waits.kind.length; i++) {
    const asker = waits.node[i]! >= 0 ? nodes.function[waits.node[i]!]! : -1;
    // What stands for the wait itself asked for nothing.
    const f = asker >= 0 && isResting(profile, asker) ? -1 : asker;
    const key = [f, waits.line[i], waits.kind[i], waits.call[i], waits.target[i]].join(' ');
    let row = rows.get(key);
    if (!row) {
      const kind = strings[waits.kind[i]!] ?? '';
      row = {
        ...(f >= 0 ? placeOf(profile, f, waits.line[i]) : nowhere),
        kind,
        call: strings[waits.call[i]!] || kind,
        target: strings[waits.target[i]!] || null,
        count: 0,
        time: 0,
        charged: 0,
        longest: 0,
      };
      rows.set(key, row);
    }
    row.count += waits.count[i]!;
    row.time += waits.duration[i]!;
    row.longest = Math.max(row.longest, waits.longest[i]!);
    if (waits.thread[i] === 0) row.charged += waits.charged[i]!;
  }
  return [...rows.values()].toSorted((a, b) => b.time - a.time || b.charged - a.charged);
}

/** The waits that cost the main thread most first: many that overlap may take long and cost it little. */
export function mostCharged(waits: readonly WaitRow[]): WaitRow[] {
  return waits.toSorted((a, b) => b.charged - a.charged);
}
