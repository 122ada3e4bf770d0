import type { Found } from '../model/search.ts';
import type { Picture } from '../model/row-spans.ts';
import type { Palette } from './palette.ts';

/** What a picture of the calls shows, besides where it looks at. */
export interface Scene {
  readonly picture: Picture;
  readonly palette: Palette;
  /** Text of a box. */
  readonly label: (box: number) => string;
  /** Colour numbers from here on to `hatchedTo` are hatched: waiting. */
  readonly hatchedFrom: number;
  readonly hatchedTo: number;
  readonly found: Found | null;
  /** Selected box, or -1. */
  readonly selected: number;
  /** Selected function, or -1: its other boxes are underlined. */
  readonly selectedFunction: number;
}

/** The font of pictures. */
export const pictureFont = '13px system-ui, -apple-system, "Segoe UI", sans-serif';

/** A pattern of fine slanting lines. */
export function hatching(context: CanvasRenderingContext2D, colour: string, ratio: number): CanvasPattern {
  const side = Math.round(6 * ratio);
  const tile = new OffscreenCanvas(side, side);
  const pen = tile.getContext('2d')!;
  pen.strokeStyle = colour;
  pen.lineWidth = Math.max(1, ratio);
  pen.beginPath();
  for (const shift of [-side, 0, side]) {
    pen.moveTo(shift - 1, side + 1);
    pen.lineTo(shift + side + 1, -1);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat')!;
}
