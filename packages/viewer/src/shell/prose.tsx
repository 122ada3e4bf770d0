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

function marked(text: string): ComponentChildren[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, i) => {
    if (i % 2 === 0) return part;
    if (part.startsWith('`')) return <code key={i}>{part.slice(1, -1)}</code>;
    return <strong key={i}>{part.slice(2, -2)}</strong>;
  });
}
