/** A piece of a line of source. */
export interface Token {
  readonly kind: 'plain' | 'comment' | 'string' | 'keyword' | 'number';
  readonly text: string;
}

const pattern = new RegExp(
  [
    String.raw`(?<comment>//.*|/\*.*?(?:\*/|$)|^\s*\*.*|#\s.*)`,
    String.raw`(?<string>"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?|${'`'}(?:\\.|[^${'`'}\\])*${'`'}?)`,
    String.raw`(?<keyword>\b(?:abstract|as|async|await|break|case|catch|class|const|continue|declare|def|default|delete|do|elif|else|enum|export|extends|false|finally|for|from|function|get|if|implements|import|in|instanceof|interface|lambda|let|new|null|None|of|pass|private|protected|public|raise|readonly|return|set|static|super|switch|this|throw|true|True|False|try|type|typeof|undefined|using|var|void|while|with|yield)\b)`,
    String.raw`(?<number>\b\d[\d_.xXa-fA-FeEnobjJ]*\b)`,
  ].join('|'),
  'g',
);

/** Longer lines are bundles that nobody reads by their colours. */
const longest = 400;

/**
 * Splits one line of JavaScript, TypeScript or Python into what is coloured apart. It looks at lines
 * alone, so what a comment or a template holds beyond its first line is coloured as code.
 */
export function tokens(line: string): Token[] {
  if (line.length > longest) return [{ kind: 'plain', text: line }];
  const result: Token[] = [];
  let at = 0;
  for (const match of line.matchAll(pattern)) {
    if (match.index > at) result.push({ kind: 'plain', text: line.slice(at, match.index) });
    const kind = (['comment', 'string', 'keyword', 'number'] as const).find(
      (name) => match.groups?.[name] !== undefined,
    );
    result.push({ kind: kind ?? 'plain', text: match[0] });
    at = match.index + match[0].length;
  }
  if (at < line.length) result.push({ kind: 'plain', text: line.slice(at) });
  return result;
}
