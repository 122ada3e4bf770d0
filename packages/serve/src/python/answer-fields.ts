import { fieldName, fieldValue } from '../fetch/headers.ts';
import { ownFields } from '../http/answer-head.ts';

/** Texts of so many characters are remembered, and so many of them. */
const longest = 512;
const most = 512;

const known = new Map<string, readonly string[]>();

/**
 * The fields of an answer: name, value, …, checked, and without what only the engine may write. `text` has them
 * separated by NUL.
 *
 * @throws TypeError where a name is no token, or a value holds what none may
 */
export function answerFields(text: string): readonly string[] {
  const remembered = known.get(text);
  if (remembered) return remembered;
  const fields: string[] = [];
  if (text !== '') {
    const parts = text.split('\0');
    for (let i = 0; i < parts.length; i += 2) {
      const name = fieldName(parts[i]!);
      const value = fieldValue(parts[i + 1]!);
      if (!ownFields.has(name)) fields.push(name, value);
    }
  }
  if (text.length <= longest) {
    if (known.size >= most) known.clear();
    // Copies: what was cut out of a larger text would keep all of it.
    known.set(copied(text), fields.map(copied));
  }
  return fields;
}

const copied = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

/** The length that the application gives its body; `null` where it gives none that is a number. */
export function declaredLength(text: string): number | null {
  const parts = text.split('\0');
  for (let i = 0; i < parts.length; i += 2)
    if (parts[i]!.toLowerCase() === 'content-length' && /^\d{1,15}$/.test(parts[i + 1]!))
      return Number(parts[i + 1]);
  return null;
}
