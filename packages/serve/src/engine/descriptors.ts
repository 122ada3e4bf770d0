import { readFileSync, readdirSync } from 'node:fs';
import type { Limits } from '../limits.ts';

/** Descriptors that are left to files, to connections that handlers open, and to those that are turned away; at least. */
const kept = 16;

/**
 * How many connections this process can have beside what it has open: all descriptors but a part for everything else.
 * `Infinity` where the system does not tell, which only Linux does.
 */
export function spareDescriptors(): number {
  try {
    const most = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    if (most === undefined) return Infinity;
    const spare = Number(most) - readdirSync('/proc/self/fd').length;
    return Math.max(1, Math.floor(spare - Math.max(kept, spare / 8)));
  } catch {
    return Infinity;
  }
}

/** The limits with no more connections than there can be descriptors: what is beyond is told so, and not lost. */
export function withinDescriptors(limits: Limits): Limits {
  return { ...limits, connections: Math.min(limits.connections, spareDescriptors()) };
}
