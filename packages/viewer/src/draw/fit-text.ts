/** Cuts names to the width of a box; measured widths are kept, because a picture asks for the same ones again and again. */
export class TextFitter {
  readonly #context: CanvasRenderingContext2D;
  readonly #widths = new Map<string, number>();
  readonly #cut = new Map<string, string>();
  #font = '';

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  /** Forgets what was measured in another font. */
  use(font: string): void {
    if (font === this.#font) return;
    this.#font = font;
    this.#widths.clear();
    this.#cut.clear();
  }

  width(text: string): number {
    let width = this.#widths.get(text);
    if (width === undefined) {
      if (this.#widths.size > kept) this.#widths.clear();
      width = this.#context.measureText(text).width;
      this.#widths.set(text, width);
    }
    return width;
  }

  /** The text, cut with … if need be; empty if fewer than three characters would be left. */
  fit(text: string, room: number): string {
    if (room < this.width('…') * 2) return '';
    if (this.width(text) <= room) return text;
    // The same name in boxes of nearly the same size has the same cut.
    const key = `${Math.floor(room)} ${text}`;
    let cut = this.#cut.get(key);
    if (cut === undefined) {
      if (this.#cut.size > kept) this.#cut.clear();
      cut = fitText(text, Math.floor(room), (part) => this.#context.measureText(part).width);
      this.#cut.set(key, cut);
    }
    return cut;
  }
}

/** Texts remembered at a time. */
const kept = 20_000;

/** Fewer characters say nothing. */
const fewest = 3;

/**
 * The longest beginning of a text that fits with `…` behind it, cut at the end of a word where that
 * costs at most a third; empty if fewer than three characters fit.
 */
export function fitText(text: string, room: number, widthOf: (text: string) => number): string {
  if (widthOf(text) <= room) return text;
  const characters = [...text];
  let low = 0;
  let high = characters.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (widthOf(`${characters.slice(0, middle).join('')}…`) <= room) low = middle;
    else high = middle - 1;
  }
  if (low < fewest) return '';
  const atWord = wordEnd(characters, low);
  return `${characters.slice(0, atWord * 3 >= low * 2 && atWord >= fewest ? atWord : low).join('')}…`;
}

/** The last place at or before `end` where a word of a name ends: before a capital, behind a sign. */
function wordEnd(characters: readonly string[], end: number): number {
  for (let i = end; i > 0; i--) {
    const before = characters[i - 1]!;
    const after = characters[i] ?? '';
    if (/[a-z0-9]/.test(before) && !/[a-z0-9]/.test(after)) return i;
  }
  return 0;
}
