import type { Token } from 'acorn';

/** A name in JavaScript by which it imports or requires something. */
export interface Specifier {
  readonly name: string;
  readonly kind: 'import-statement' | 'dynamic-import' | 'require-call' | 'require-resolve';
  /** Where the literal stands, quotes included. */
  readonly start: number;
  readonly end: number;
}

/** Cheap, and true for each text that may have one. */
const suspicious = /\b(?:from|import|require)\b/;

/**
 * The names that stand in a text as plain strings, in their order; none where the text is no JavaScript.
 *
 * Read from the parser's tokens: walking the trees of a large project takes longer than making them.
 */
export async function specifiersIn(text: string, sourceType: 'module' | 'script'): Promise<Specifier[]> {
  if (!suspicious.test(text)) return [];
  const { parse } = await import('acorn');
  const tokens: Token[] = [];
  try {
    parse(text, {
      ecmaVersion: 'latest',
      sourceType,
      allowHashBang: true,
      allowReturnOutsideFunction: true,
      onToken: tokens,
    });
  } catch {
    return [];
  }
  const found: Specifier[] = [];
  const wordAt = (at: number) => (at < 0 ? '' : wordOf(tokens[at]!));
  for (const [at, { type, start, end, ...token }] of tokens.entries()) {
    if (type.label !== 'string') continue;
    const kind = kindOf([1, 2, 3, 4].map((back) => wordAt(at - back)));
    if (kind) found.push({ name: String((token as { value?: unknown }).value), kind, start, end });
  }
  return found;
}

/** What the words before a string say of it, the nearest first. */
function kindOf([first, second, third, fourth]: readonly string[]): Specifier['kind'] | undefined {
  if (first === 'from' || first === 'import') return 'import-statement';
  if (first !== '(') return undefined;
  if (third === '.') return second === 'resolve' && fourth === 'require' ? 'require-resolve' : undefined;
  if (second === 'import') return 'dynamic-import';
  return second === 'require' ? 'require-call' : undefined;
}

function wordOf(token: Token): string {
  const { type } = token;
  return type.label === 'name' ? String((token as { value?: unknown }).value) : (type.keyword ?? type.label);
}
