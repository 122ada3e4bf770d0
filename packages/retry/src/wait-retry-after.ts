import { type Duration, milliseconds, type Milliseconds } from './duration.ts';
import type { Wait } from './retry-options.ts';
import { waitOf } from './wait-of.ts';

/**
 * What the server asks for: a `Retry-After` header (seconds or an HTTP date) in the `headers` of the
 * result, the error, its `response` or its `cause`; a `Headers` or a plain object in any case.
 *
 * Without one, or with one that is neither, `fallback` decides. `max` cuts off what is longer; a date
 * in the past is no wait at all. Dates are compared with `Date.now()`.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function waitRetryAfter(options: { fallback: Wait | Duration; max?: Duration }): Wait {
  const fallback = waitOf('fallback', options.fallback);
  const max = options.max === undefined ? Number.MAX_VALUE : milliseconds('max', options.max);
  return (state) => {
    const { outcome } = state;
    const asked = retryAfter(outcome?.ok ? outcome.value : outcome?.error);
    return asked === undefined ? fallback(state) : Math.min(asked, max);
  };
}

function retryAfter(subject: unknown): Milliseconds | undefined {
  const cause = property(subject, 'cause');
  for (const holder of [subject, property(subject, 'response'), cause, property(cause, 'response')]) {
    const delay = parsed(header(property(holder, 'headers')));
    if (delay !== undefined) return delay;
  }
  return undefined;
}

function property(subject: unknown, key: string): unknown {
  return typeof subject === 'object' && subject !== null
    ? (subject as Record<string, unknown>)[key]
    : undefined;
}

function header(headers: unknown): unknown {
  if (typeof headers !== 'object' || headers === null) return undefined;
  if ('get' in headers && typeof headers.get === 'function') return headers.get('retry-after');
  const found = Object.entries(headers).find(([key]) => key.toLowerCase() === 'retry-after');
  return Array.isArray(found?.[1]) ? found[1][0] : found?.[1];
}

function parsed(value: unknown): Milliseconds | undefined {
  const text = String(value ?? '').trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_VALUE);
  // A date begins with its day's name. `Date.parse` takes far more, "-5" for instance, for a date.
  if (!/^[a-z]{3}/i.test(text)) return undefined;
  // One of the three forms, asctime's, names no zone, and means GMT.
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : Math.max(0, time - Date.now());
}
