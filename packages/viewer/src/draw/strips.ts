import { visitRow, type Picture, type SpanVisitor, type Window } from '../model/row-spans.ts';
import { pixelOf, type Palette } from './palette.ts';

/** Called for boxes wide enough to say more about them. */
export type BoxVisitor = (box: number, left: number, right: number) => void;

/**
 * Paints rows of boxes as strips of pixels, one pixel high: writing a pixel is a hundred times cheaper
 * than asking the canvas for a rectangle.
 */
export class Strips {
  readonly #boxes: Uint32Array;
  readonly #dimmed: Uint32Array;
  readonly #palette: Palette;
  readonly #ground: number;

  constructor(palette: Palette) {
    this.#palette = palette;
    this.#boxes = Uint32Array.from(palette.boxes, pixelOf);
    this.#dimmed = Uint32Array.from(palette.dimmed, pixelOf);
    this.#ground = pixelOf(palette.background);
  }

  /**
   * Paints one row of the picture.
   *
   * @param before number of found boxes before each box, `null` without a search
   * @param wide pixels from which `visit` is called for a box
   */
  paint(
    picture: Picture,
    row: number,
    window: Window,
    strip: Uint32Array,
    before: Int32Array | null,
    wide: number,
    visit: BoxVisitor,
  ): void {
    const boxes = this.#boxes;
    const dimmed = this.#dimmed;
    const ground = this.#ground;
    const { colour } = picture;
    const palette = this.#palette;
    strip.fill(ground);
    const visitor: SpanVisitor = {
      box(box, left, right) {
        const from = Math.round(left);
        const to = Math.max(from + 1, Math.round(right));
        const found = before === null || before[box + 1]! > before[box]!;
        strip.fill((found ? boxes : dimmed)[colour[box]!]!, from, to);
        // The last pixel of a box is its border to the next.
        if (to - from >= bordered) strip[to - 1] = ground;
        if (right - left >= wide) visit(box, left, right);
      },
      pixel(pixel, shade, coverage, first, end) {
        const found = before === null || before[end]! > before[first]!;
        const full = (found ? palette.boxes : palette.dimmed)[shade]!;
        strip[pixel] = blended(palette.background, full, coverage);
      },
    };
    visitRow(picture, row, window, visitor);
  }
}

/** From this many pixels on a box has a border. */
const bordered = 4;

function blended(ground: Palette['background'], full: Palette['background'], coverage: number): number {
  // A trace of a box should be seen: what is there gets a quarter of its colour at least.
  const part = 0.25 + 0.75 * coverage;
  const red = ground[0] + (full[0] - ground[0]) * part;
  const green = ground[1] + (full[1] - ground[1]) * part;
  const blue = ground[2] + (full[2] - ground[2]) * part;
  return ((255 << 24) | ((blue & 255) << 16) | ((green & 255) << 8) | (red & 255)) >>> 0;
}
