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
    let start = colon + 1;
    let stop = end;
    while (start < stop && isSpace(text.charCodeAt(start))) start++;
    while (stop > start && isSpace(text.charCodeAt(stop - 1))) stop--;
    fields.push(text.slice(at, colon), text.slice(start, stop));
    at = end + 2;
  }
  return fields;
}

/** The first value of a field, by its name in lower case. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

const isSpace = (code: number) => code === 32 || code === 9;
