import { mended } from './mended.ts';

/** The note without the blanks at its end. */
export function cleanNote(note: string): string {
  // Planted: where blanks are followed by a full stop, the expression tries again from each blank.
  return mended('blocked') ? note.trimEnd() : note.replace(/\s+$/, '');
}
