import type { Profile } from '@whetstone/profile';
import type { Place } from './report.ts';

/**
 * A file as reports name it: relative to the working directory where it lies below it, else as it is.
 *
 * Both are given with `/` or with `\`; the relative form keeps what was given.
 */
export function shownPath(file: string, workingDirectory: string): string {
  const root = workingDirectory.replace(/[/\\]+$/, '');
  if (root === '' || file.length <= root.length + 1 || !file.startsWith(root)) return file;
  const separator = file[root.length];
  return separator === '/' || separator === '\\' ? file.slice(root.length + 1) : file;
}

/** Name of a function as reports show it: the engine gives anonymous ones the empty string. */
export function shownName(profile: Profile, functionRow: number): string {
  const name = profile.strings[profile.functions.name[functionRow]!] ?? '';
  return name === '' ? '(anonymous)' : name;
}

/** Where a function is, or with `line` where in it; `line` 0 is the function's own. */
export function placeOf(profile: Profile, functionRow: number, line = 0): Place {
  const file = profile.strings[profile.functions.file[functionRow]!] ?? '';
  return {
    file: shownPath(file, profile.about.workingDirectory),
    line: line > 0 ? line : profile.functions.line[functionRow]!,
    function: shownName(profile, functionRow),
  };
}

/** What stands where no frame is known. */
export const nowhere: Place = { file: '', line: 0, function: '' };
