import { boxAt, depthOf, rowOf } from '../model/call-tree.ts';
import type { Window } from '../model/row-spans.ts';
import { TextFitter } from './fit-text.ts';
import { css, type Palette } from './palette.ts';
import { hatching, pictureFont, type Scene } from './scene.ts';
import { Strips } from './strips.ts';

/** Where an icicle looks at: a stretch of the whole, and how far it is scrolled down. */
export interface Outlook {
  readonly from: number;
  readonly to: number;
  /** CSS pixels. */
  readonly top: number;
}

/** Height of a row with the gap below it, in CSS pixels. */
export const rowHeight = 20;
const gap = 1;
const padding = 5;

/** Draws a tree of calls with the callers above what they called. */
export class IciclePicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #fitter: TextFitter;
  readonly #strip = document.createElement('canvas');
  readonly #pen: CanvasRenderingContext2D;
  #image: ImageData | undefined;
  #strips: Strips | undefined;
  #palette: Palette | undefined;
  #hatch: CanvasPattern | undefined;
  #ratio = 1;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
    this.#pen = this.#strip.getContext('2d')!;
    this.#fitter = new TextFitter(this.#context);
  }

  /** Draws one frame. `width` and `height` are in CSS pixels, `ratio` is that of the screen's to them. */
  draw(scene: Scene, outlook: Outlook, width: number, height: number, ratio: number): void {
    const pixels = Math.max(1, Math.round(width * ratio));
    this.#resize(pixels, Math.max(1, Math.round(height * ratio)), ratio);
    this.#use(scene.palette, ratio);
    const context = this.#context;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = css(scene.palette.background);
    context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    context.font = pictureFont.replace('13px', `${13 * ratio}px`);
    context.textBaseline = 'middle';
    context.imageSmoothingEnabled = false;
    this.#fitter.use(context.font);
    const first = Math.max(0, Math.floor(outlook.top / rowHeight));
    const last = Math.min(depthOf(scene.picture.tree) - 1, Math.floor((outlook.top + height) / rowHeight));
    if (last < first) return;
    const window: Window = { from: outlook.from, to: outlook.to, pixels };
    const texts = this.#paintStrips(scene, window, first, last);
    const barHeight = Math.round((rowHeight - gap) * ratio);
    const yOf = (row: number) => Math.round((row * rowHeight - outlook.top) * ratio);
    for (let row = first; row <= last; row++) {
      context.drawImage(this.#strip, 0, row - first, pixels, 1, 0, yOf(row), pixels, barHeight);
    }
    this.#write(scene, texts, yOf, barHeight);
    this.#outline(scene, window, yOf, barHeight);
  }

  /** The box at a point in CSS pixels, or -1. */
  boxAt(scene: Scene, outlook: Outlook, width: number, x: number, y: number): number {
    const row = Math.floor((y + outlook.top) / rowHeight);
    return boxAt(scene.picture.tree, row, outlook.from + (x / width) * (outlook.to - outlook.from));
  }

  /** Paints the visible rows one below the other; returns the boxes with room for text: box, row, left, right. */
  #paintStrips(scene: Scene, window: Window, first: number, last: number): number[] {
    const count = last - first + 1;
    if (this.#strip.width !== window.pixels || this.#strip.height < count || this.#image === undefined) {
      this.#strip.width = window.pixels;
      this.#strip.height = Math.max(count, 64);
      this.#image = new ImageData(window.pixels, this.#strip.height);
    }
    const all = new Uint32Array(this.#image.data.buffer);
    const texts: number[] = [];
    const wide = (padding * 2 + 12) * this.#ratio;
    for (let row = first; row <= last; row++) {
      const strip = all.subarray((row - first) * window.pixels, (row - first + 1) * window.pixels);
      this.#strips!.paint(
        scene.picture,
        row,
        window,
        strip,
        scene.found?.before ?? null,
        wide,
        (box, left, right) => {
          texts.push(box, row, left, right);
        },
      );
    }
    this.#pen.putImageData(this.#image, 0, 0, 0, 0, window.pixels, count);
    return texts;
  }

  #write(scene: Scene, texts: readonly number[], yOf: (row: number) => number, barHeight: number): void {
    const context = this.#context;
    const { tree, colour } = scene.picture;
    const inset = padding * this.#ratio;
    for (let i = 0; i < texts.length; i += 4) {
      const box = texts[i]!;
      if (colour[box]! < scene.hatchedFrom || colour[box]! >= scene.hatchedTo) continue;
      context.fillStyle = this.#hatch!;
      const left = Math.round(texts[i + 2]!);
      context.fillRect(left, yOf(texts[i + 1]!), Math.round(texts[i + 3]!) - 1 - left, barHeight);
    }
    context.fillStyle = css(scene.palette.ink);
    for (let i = 0; i < texts.length; i += 4) {
      const box = texts[i]!;
      const left = texts[i + 2]!;
      const text = this.#fitter.fit(scene.label(box), texts[i + 3]! - left - 2 * inset);
      if (text === '') continue;
      const y = yOf(texts[i + 1]!);
      context.fillText(text, Math.round(left + inset), Math.round(y + barHeight / 2 + this.#ratio));
      if (box > 0 && tree.function[box] === scene.selectedFunction && box !== scene.selected) {
        context.fillRect(
          Math.round(left),
          y + barHeight - 2 * this.#ratio,
          texts[i + 3]! - left - 1,
          2 * this.#ratio,
        );
      }
    }
  }

  #outline(scene: Scene, window: Window, yOf: (row: number) => number, barHeight: number): void {
    const { tree } = scene.picture;
    const box = scene.selected;
    if (box < 0 || box >= tree.width.length) return;
    const scale = window.pixels / (window.to - window.from);
    const left = Math.max(-4, (tree.start[box]! - window.from) * scale);
    const right = Math.min(window.pixels + 4, (tree.start[box]! + tree.width[box]! - window.from) * scale);
    if (right < 0 || left > window.pixels) return;
    const line = 2 * this.#ratio;
    this.#context.strokeStyle = css(scene.palette.accent);
    this.#context.lineWidth = line;
    const y = yOf(rowOf(tree, box));
    this.#context.strokeRect(
      left + line / 2,
      y + line / 2,
      Math.max(right - left - line, 1),
      barHeight - line,
    );
  }

  #resize(width: number, height: number, ratio: number): void {
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
    if (this.#ratio !== ratio) this.#hatch = undefined;
    this.#ratio = ratio;
  }

  #use(palette: Palette, ratio: number): void {
    if (palette !== this.#palette) {
      this.#palette = palette;
      this.#strips = new Strips(palette);
      this.#hatch = undefined;
    }
    this.#hatch ??= hatching(this.#context, css(palette.hatch), ratio);
  }
}
