import { firstEndingAfter, firstStartingFrom, type CallTree } from './call-tree.ts';
import { blendOf, type Blend, type Pyramid } from './pyramid.ts';

/** What a row is drawn from: the tree, the colour of each box, and the sums over them. */
export interface Picture {
  readonly tree: CallTree;
  readonly colour: Uint8Array;
  readonly pyramid: Pyramid;
}

/** The stretch of the whole that is visible, and how many pixels it gets. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly pixels: number;
}

/**
 * Receives a row from left to right: boxes of a pixel and more by themselves, smaller ones added up
 * for the pixel where they start. Numbers instead of objects: this runs up to 100,000 times a frame.
 */
export interface SpanVisitor {
  /** Edges in pixels, cut to the window. */
  box(box: number, left: number, right: number): void;
  /** `coverage` is the part of the pixel that is covered, 0 to 1; `first` and `end` are the boxes. */
  pixel(pixel: number, colour: number, coverage: number, first: number, end: number): void;
}

/** Visits what is visible of a row. The cost depends on the pixels, hardly on the boxes. */
export function visitRow(picture: Picture, row: number, window: Window, visitor: SpanVisitor): void {
  const { tree } = picture;
  const scale = window.pixels / (window.to - window.from);
  const end = tree.rows[row + 1]!;
  let box = firstEndingAfter(tree, tree.rows[row]!, end, window.from);
  while (box < end && tree.start[box]! < window.to) {
    const left = (tree.start[box]! - window.from) * scale;
    const width = tree.width[box]! * scale;
    if (width >= 1) {
      visitor.box(box, Math.max(0, left), Math.min(window.pixels, left + width));
      box++;
      continue;
    }
    const pixel = Math.max(0, Math.floor(left));
    let next = firstStartingFrom(tree, box + 1, end, window.from + (pixel + 1) / scale);
    // The last box that starts in this pixel may reach far beyond it.
    if (next - box > 1 && tree.width[next - 1]! * scale >= 1) next--;
    blendOf(tree, picture.colour, picture.pyramid, box, next, blend);
    visitor.pixel(pixel, blend.colour, Math.min(1, blend.covered * scale), box, next);
    box = next;
  }
}

/** Reused: an object for each pixel would keep the collector busy. */
const blend: Blend = { colour: 0, covered: 0 };
