import type { CallOutcome } from './hook.ts';

/**
 * Two functions for `monitor` that write a line for each beginning and end of a call, indented by depth.
 * Asynchronous calls that run at once count as one within the other: nothing in the language tells them apart.
 */
export function tracer(write: (line: string) => void) {
  let depth = 0;
  const line = (text: string) => write(`${'  '.repeat(depth)}${text}`);
  return {
    before(hook: PropertyKey, args: unknown) {
      line(`${String(hook)} ${shortText(args)}`);
      depth++;
    },
    after(hook: PropertyKey, _args: unknown, outcome: CallOutcome) {
      depth--;
      line(
        'error' in outcome
          ? `${String(hook)} threw ${String(outcome.error)}`
          : `${String(hook)} → ${shortText(outcome.value)}`,
      );
    },
  };
}

/** Characters of one value: a line of a trace shall be read, not scrolled. */
const LONGEST = 120;

/** A value as one line. Stops where the line is full: arguments may be as large as a recording. */
function shortText(value: unknown): string {
  let text = '';
  const above: object[] = [];
  const put = (more: string) => {
    text += more;
    return text.length <= LONGEST;
  };
  /** False once there is no more room. */
  const show = (value: unknown): boolean => {
    if (typeof value === 'string') return put(JSON.stringify(value.slice(0, LONGEST)));
    if (typeof value === 'bigint') return put(`${value}n`);
    if (typeof value === 'function') return put(`[function ${value.name || 'without a name'}]`);
    if (typeof value !== 'object' || value === null) return put(String(value));
    if (above.includes(value)) return put('[circular]');
    if (value instanceof Error) return put(String(value));
    above.push(value);
    const room =
      Array.isArray(value) || ArrayBuffer.isView(value) ? showList(value as unknown[]) : showObject(value);
    above.pop();
    return room;
  };
  const showList = (list: ArrayLike<unknown>): boolean => {
    if (!put('[')) return false;
    for (let i = 0; i < list.length; i++) {
      if ((i > 0 && !put(',')) || !show(list[i])) return false;
    }
    return put(']');
  };
  const showObject = (object: object): boolean => {
    if (!put('{')) return false;
    for (const [i, key] of Object.keys(object).entries()) {
      if ((i > 0 && !put(',')) || !put(`${JSON.stringify(key)}:`)) return false;
      if (!show((object as Record<string, unknown>)[key])) return false;
    }
    return put('}');
  };
  try {
    show(value);
  } catch (error) {
    // A getter of the caller's own that throws is no reason to fail the call.
    text += `[${String(error)}]`;
  }
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
