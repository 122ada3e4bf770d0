/** Inline Markdown as plain text: code spans and emphasis lose their marks, escaped characters their backslash. */
export function markdownText(markdown: string): string {
  let text = '';
  for (let i = 0; i < markdown.length;) {
    const character = markdown[i]!;
    if (character === '\\' && /[!-/:-@[-`{-~]/.test(markdown[i + 1] ?? '')) {
      text += markdown[i + 1]!;
      i += 2;
    } else if (character === '`') {
      const fence = /^`+/.exec(markdown.slice(i))![0];
      const end = closing(markdown, fence, i + fence.length);
      if (end < 0) {
        text += fence;
        i += fence.length;
        continue;
      }
      const inside = markdown.slice(i + fence.length, end);
      text += /^ .*[^ ].* $/.test(inside) ? inside.slice(1, -1) : inside;
      i = end + fence.length;
    } else if (character === '*' && markdown[i + 1] === '*') {
      i += 2;
    } else {
      text += character;
      i++;
    }
  }
  return text;
}

/** Where a run of exactly as many backticks begins. */
function closing(markdown: string, fence: string, from: number): number {
  for (let at = markdown.indexOf(fence, from); at >= 0;) {
    const run = /^`+/.exec(markdown.slice(at))![0].length;
    if (run === fence.length) return at;
    at = markdown.indexOf(fence, at + run);
  }
  return -1;
}
