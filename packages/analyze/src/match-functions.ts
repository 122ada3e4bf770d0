import type { Profile } from '@whetstone/profile';
import { placeOf, shownName } from './places.ts';

/**
 * Rows of the functions that a person means by a name: the exact name, else the last part of a
 * method's (`parse` for `Reader.parse`), or a place (`src/parse.ts:84`, `split (src/parse.ts:84:3)`).
 */
export function matchFunctions(profile: Profile, name: string): number[] {
  const rows = [...profile.functions.name.keys()];
  const exact = rows.filter((row) => shownName(profile, row) === name);
  if (exact.length > 0) return exact;
  const place = /^(?:(.*?) ?\()?([^()]*?):(\d+)(?::\d+)?\)?$/.exec(name);
  if (place) {
    const [, given = '', file, line] = place;
    const inFile = rows.filter((row) => isFile(profile, row, file!));
    const starts = inFile.filter((row) => profile.functions.line[row] === Number(line));
    const named = starts.filter((row) => given === '' || shownName(profile, row) === given);
    if (named.length > 0) return named;
    if (starts.length > 0) return starts;
    // A line inside: the innermost function around it.
    const around = inFile.filter(
      (row) =>
        profile.functions.line[row]! <= Number(line) && Number(line) <= profile.functions.lastLine[row]!,
    );
    return around.toSorted((a, b) => profile.functions.line[b]! - profile.functions.line[a]!).slice(0, 1);
  }
  return rows.filter((row) => lastPart(shownName(profile, row)) === name);
}

/** Names that can be asked for, each once, methods without their class too: what a "did you mean" chooses from. */
export function functionNames(profile: Profile): string[] {
  const whole = [...profile.functions.name.keys()].map((row) => shownName(profile, row));
  return [...new Set([...whole, ...whole.map(lastPart)])];
}

/** `parse` of `Reader.parse`. */
function lastPart(name: string): string {
  return name.split(/[.#]/).at(-1)!;
}

function isFile(profile: Profile, row: number, file: string): boolean {
  const whole = profile.strings[profile.functions.file[row]!] ?? '';
  return (
    whole !== '' &&
    (whole === file ||
      whole === file.replace(/^file:\/\//, '') ||
      placeOf(profile, row).file === file.replace(/^\.\//, ''))
  );
}
