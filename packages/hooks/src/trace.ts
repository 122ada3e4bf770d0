/** Two functions for `monitor` that write a line for each beginning and end of a call, indented by depth. */
export function tracer(write: (line: string) => void) {
  let depth = 0;
  const line = (text: string) => write(`${'  '.repeat(depth)}${text}`);
  return {
    before(hook: string, args: unknown) {
      line(`${hook} ${short(args)}`);
      depth++;
    },
    after(hook: PropertyKey, _args: unknown, outcome: { value: unknown } | { error: unknown }) {
      depth--;
      line('error' in outcome ? `${String(hook)} threw ${String(outcome.error)}` : `${String(hook)} → ${short(outcome.value)}`);
    },
  };
}

/** Longest text of one value: a line of a trace shall be read, not scrolled. */
const longest = 120;

function short(value: unknown): string {
  const ancestors: unknown[] = [];
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function (this: unknown, key, inner: unknown) {
      // Only what is above counts as a cycle: the same object twice side by side is none.
      while (ancestors.length > 0 && ancestors.at(-1) !== this) ancestors.pop();
      if (typeof inner === 'function') return `[function ${inner.name || key}]`;
      if (typeof inner === 'bigint') return `${inner}n`;
      if (typeof inner !== 'object' || inner === null) return inner;
      if (ancestors.includes(inner)) return '[circular]';
      ancestors.push(inner);
      return inner;
    });
  } catch {
    // A getter or a toJSON that throws.
  }
  text ??= String(value);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
