/**
 * Cuts field lines that a parser has checked into name, value, name, value, …; names in lower case.
 *
 * `text` holds `name:value` CR LF for each field, from `from` to its end.
 */
export function fieldsOf(text: string, from: number): string[] {
  const fields = lowerFieldsOf(text, from);
  for (let i = 0; i < fields.length; i += 2) fields[i] = fields[i]!.toLowerCase();
  return fields;
}

/** As {@link fieldsOf}, of a text whose names are in lower case. */
export function lowerFieldsOf(text: string, from: number): string[] {
  const fields: string[] = [];
  let at = from;
  while (at < text.length) {
    const colon = text.indexOf(':', at);
    let end = text.indexOf('\r\n', colon);
    if (end < 0) end = text.length;
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

/**
 * The value of a field, or those of several of that name joined; `null` where there is none.
 *
 * `name`, and the names in `lines`, are in lower case. To find one so costs less than to cut all.
 */
export function valueIn(lines: string, name: string): string | null {
  let found: string | null = null;
  for (let at = lines.indexOf(name); at >= 0; at = lines.indexOf(name, at + name.length)) {
    const colon = at + name.length;
    if (lines.charCodeAt(colon) !== 58 || (at > 0 && lines.charCodeAt(at - 1) !== 10)) continue;
    const end = lines.indexOf('\r\n', colon);
    const value = trimmed(lines, colon + 1, end < 0 ? lines.length : end);
    found = found === null ? value : `${found}, ${value}`;
  }
  return found;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let stop = to;
  while (start < stop && isSpace(text.charCodeAt(start))) start++;
  while (stop > start && isSpace(text.charCodeAt(stop - 1))) stop--;
  return text.slice(start, stop);
}

/** The first value of a field, by its name in lower case. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

const isSpace = (code: number) => code === 32 || code === 9;
