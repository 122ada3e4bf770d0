import type { Profile } from '@whetstone/profile';

/** The lines of a source by the row of its name in `strings`, split when first asked for; `null` is not to be had. */
export function sourceLines(profile: Profile): (file: number) => readonly string[] | null {
  const texts = new Map(profile.sources.map(({ file, text }) => [file, text]));
  const split = new Map<number, readonly string[] | null>();
  return (file) => {
    let lines = split.get(file);
    if (lines === undefined) {
      lines = texts.get(file)?.split(/\r\n|\n|\r|\u2028|\u2029/) ?? null;
      split.set(file, lines);
    }
    return lines;
  };
}
