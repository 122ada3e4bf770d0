import { existsSync, readFileSync } from 'node:fs';
import type { Evidence, Finding, FindingId } from '@whetstone/analyze';
import type { ProfileAbout } from '@whetstone/profile';
import { fillTemplate } from './fill-template.ts';
import { knownSlow } from './known-slow.ts';
import { knownSlowPython } from './known-slow-python.ts';

/** Whose advice is given: what to try in one language is no help in the other. */
export type Language = 'javascript' | 'python';

/** The language of programs that a runtime runs. */
export function languageOf(runtime: ProfileAbout['runtime']['name']): Language {
  return runtime === 'cpython' || runtime === 'pypy' ? 'python' : 'javascript';
}

/**
 * Gives findings their words: the text of each is `texts/findings/<id>.md`, or `<id>.<language>.md` where a
 * language has its own, filled with the evidence.
 *
 * `title` is plain text, `text` and `suggestions` are Markdown in which everything that comes from the
 * program is escaped.
 */
export function fillFindings(evidence: readonly Evidence[], language: Language = 'javascript'): Finding[] {
  return evidence.map((found) => {
    const { title, body, suggestions } = findingText(found.id, language);
    const { text: line = '', builtin = '' } = found.evidence;
    // A built-in function stands for the line that calls it.
    const called = String(builtin).startsWith('RegExp: ') || builtin === '' ? builtin : `.${builtin}()`;
    const known = language === 'python' ? knownSlowPython : knownSlow;
    return {
      ...found,
      title: fillTemplate(title, found.evidence, 'plain') ?? found.id,
      text: filled(body, found).join('\n\n'),
      suggestions: [...known(String(line || called)), ...filled(suggestions, found)],
    };
  });
}

/** A finding's text in its parts, as templates. */
export interface FindingText {
  readonly title: string;
  /** Paragraphs. */
  readonly body: readonly string[];
  /** Each begins with a verb. */
  readonly suggestions: readonly string[];
}

/** Reads the text of a finding: a title line (`# …`), paragraphs, and the list of what to try. */
export function findingText(id: FindingId, language: Language = 'javascript'): FindingText {
  const own = new URL(`./texts/findings/${id}.${language}.md`, import.meta.url);
  const file = existsSync(own) ? own : new URL(`./texts/findings/${id}.md`, import.meta.url);
  const text = readFileSync(file, 'utf8');
  const blocks = text.trim().split(/\r?\n(?:\r?\n)+/);
  const title = blocks.shift()?.replace(/^# /, '') ?? '';
  return {
    title,
    body: blocks.filter((block) => !isList(block)).map(oneLine),
    suggestions: blocks
      .filter(isList)
      .flatMap((block) => block.split(/^- /m))
      .map(oneLine)
      .filter((suggestion) => suggestion !== ''),
  };
}

/** A paragraph that needs a figure that was not measured is left out. */
function filled(templates: readonly string[], { evidence }: Evidence): string[] {
  return templates
    .map((template) => fillTemplate(template, evidence, 'markdown'))
    .filter((text): text is string => text !== null);
}

function isList(block: string): boolean {
  return block.startsWith('- ');
}

function oneLine(block: string): string {
  return block.replace(/\s+/g, ' ').trim();
}
