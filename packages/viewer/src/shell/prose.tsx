import type { ComponentChildren } from 'preact';

/**
 * The few marks of Markdown that findings use — paragraphs, lists, `code`, **strong** — as elements.
 * Everything else, tags above all, is text.
 */
export function Prose({ text, inline = false }: { readonly text: string; readonly inline?: boolean }) {
  if (inline) return <>{marked(text)}</>;
  const blocks = text.trim().split(/\n{2,}/);
  return (
    <div class="prose">
      {blocks.map((block, i) => {
        const lines = block.split('\n');
        if (lines.every((line) => /^\s*[-*] /.test(line))) {
          return (
            <ul key={i}>
              {lines.map((line, j) => (
                <li key={j}>{marked(line.replace(/^\s*[-*] /, ''))}</li>
              ))}
            </ul>
          );
        }
        if (/^#{1,4} /.test(block)) return <h3 key={i}>{marked(block.replace(/^#+ /, ''))}</h3>;
        return <p key={i}>{marked(lines.join(' '))}</p>;
      })}
    </div>
  );
}

/** An escaped sign, code between as many backticks as it needs, or strong text. */
const marks = /\\([!-/:-@[-`{-~])|(?<!`)(`+)(?!`)(.+?)(?<!`)\2(?!`)|\*\*([^*]+)\*\*/g;

function marked(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  let at = 0;
  for (const match of text.matchAll(marks)) {
    parts.push(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [, sign, , code, strong] = match;
    if (sign !== undefined) parts.push(sign);
    // A blank on each side is taken off: it stands there for backticks at the edges.
    else if (code !== undefined) parts.push(<code key={at}>{code.replace(/^ (.+) $/, '$1')}</code>);
    else parts.push(<strong key={at}>{strong}</strong>);
  }
  parts.push(text.slice(at));
  return parts;
}
