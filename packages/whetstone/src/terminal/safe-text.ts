/**
 * Text from a program, made safe to print: whatever a terminal would act on, or would not show, is
 * written out (`\x1b`, `\u{202e}`), a tab becomes two blanks.
 *
 * Names, paths, sources and messages are untrusted: an escape sequence in one could rewrite the
 * screen, a change of direction could show a path that is not there.
 */
export function safeText(text: string, unicode = true): string {
  const shown = text.replaceAll('\t', '  ').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, written);
  return unicode ? shown : shown.replace(/[^\x20-\x7e]/gu, written);
}

function written(character: string): string {
  const code = character.codePointAt(0)!;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
