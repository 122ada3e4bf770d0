import { randomUUID } from 'node:crypto';
import type { Incoming } from '../engine/engine.ts';
import { fieldOf } from '../http/fields.ts';

/** The name of a request, the same each time; made when first asked for. */
export function requestId(incoming: Incoming): string {
  incoming.id ??= randomUUID();
  return incoming.id;
}

/** Takes the name that a trusted proxy gave, where it is one. */
export function takeRequestId(incoming: Incoming): void {
  const given = fieldOf(incoming.fields, 'x-request-id');
  if (given !== undefined && /^[\w.:+=/-]{1,128}$/.test(given)) incoming.id = given;
}
