import type { Origin } from '../app/forwarded.ts';
import type { Incoming } from '../engine/engine.ts';
import { addressOf } from '../fetch/request.ts';

/** What a worker is told of a request; `worker.py` has the parts. */
export function requestHead(incoming: Incoming, origin: Origin): string {
  const { scheme, authority, remoteAddress } = origin;
  const { fields } = incoming;
  let head = `${incoming.method}\0${scheme}\0${incoming.version}\0${authority}\0${remoteAddress}\0${targetOf(incoming, origin)}`;
  for (let i = 0; i < fields.length; i++) head += `\0${fields[i]!}`;
  return head;
}

/** Path and query as `URL` writes them: without dot segments, and in ASCII. */
function targetOf(incoming: Incoming, origin: Origin): string {
  if (incoming.plain) return incoming.target;
  const { pathname, search } = new URL(addressOf(incoming, origin));
  return pathname + search;
}
