import { boxAt, depthOf, rowOf } from '../model/call-tree.ts';
import { visitRow, type Window } from '../model/row-spans.ts';
import { TextFitter } from './fit-text.ts';
import { css, mix, type Colour, type Palette } from './palette.ts';
import { hatching, pictureFont, type Scene } from './scene.ts';

/** Which boxes a sunburst shows: a stretch of the whole from a row outwards. */
export interface Aim {
  readonly from: number;
  readonly to: number;
  /** Row in the centre; between two while it moves. */
  readonly row: number;
}

/** Where a sunburst of a size has its centre and rings. */
interface Rings {
  readonly x: number;
  readonly y: number;
  readonly core: number;
  readonly thickness: number;
  readonly count: number;
}

const turn = Math.PI * 2;
const thinnest = 22;
const thickest = 44;

/** Draws a tree of calls as rings: callers inside, what they called around them, clockwise from the top. */
export class SunburstPicture {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #fitter: TextFitter;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { alpha: false })!;
    this.#fitter = new TextFitter(this.#context);
  }

  /** Draws one frame. `width` and `height` are in CSS pixels, `ratio` is that of the screen's to them. */
  draw(scene: Scene, aim: Aim, width: number, height: number, ratio: number): void {
    if (this.#canvas.width !== Math.round(width * ratio)) this.#canvas.width = Math.round(width * ratio);
    if (this.#canvas.height !== Math.round(height * ratio)) this.#canvas.height = Math.round(height * ratio);
    const context = this.#context;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = css(scene.palette.background);
    context.fillRect(0, 0, width, height);
    const rings = ringsOf(scene, aim, width, height);
    context.translate(rings.x, rings.y);
    context.font = pictureFont;
    context.textBaseline = 'middle';
    context.textAlign = 'center';
    this.#fitter.use(pictureFont);
    const hatch = hatching(context, css(scene.palette.hatch), 1);
    const labels: Label[] = [];
    for (let ring = rings.count; ring >= 1; ring--) this.#ring(scene, aim, rings, ring, labels, hatch);
    this.#core(scene, aim, rings);
    this.#outline(scene, aim, rings);
    this.#write(labels, scene.palette);
  }

  /** The box at a point in CSS pixels, or -1. */
  boxAt(scene: Scene, aim: Aim, width: number, height: number, x: number, y: number): number {
    const rings = ringsOf(scene, aim, width, height);
    const dx = x - rings.x;
    const dy = y - rings.y;
    const distance = Math.hypot(dx, dy);
    const row = Math.round(aim.row);
    if (distance < rings.core) return boxAt(scene.picture.tree, row, (aim.from + aim.to) / 2);
    const ring = 1 + Math.floor((distance - rings.core) / rings.thickness);
    if (ring > rings.count) return -1;
    const angle = (Math.atan2(dy, dx) + Math.PI / 2 + turn) % turn;
    return boxAt(scene.picture.tree, row + ring, aim.from + (angle / turn) * (aim.to - aim.from));
  }

  #ring(scene: Scene, aim: Aim, rings: Rings, ring: number, labels: Label[], hatch: CanvasPattern): void {
    const row = Math.round(aim.row) + ring;
    const { tree, colour } = scene.picture;
    if (row >= depthOf(tree)) return;
    const inner = rings.core + (ring - 1) * rings.thickness;
    const outer = inner + rings.thickness - 1;
    const around = Math.max(8, Math.floor(turn * outer));
    const window: Window = { from: aim.from, to: aim.to, pixels: around };
    const before = scene.found?.before ?? null;
    // One path for each colour: filling a thousand arcs at once costs little more than filling one.
    const paths = new Map<string, Path2D>();
    const over = { hatched: new Path2D(), marks: new Path2D() };
    const addTo = (fill: Colour, left: number, right: number) => {
      const key = css(fill);
      let path = paths.get(key);
      if (path === undefined) paths.set(key, (path = new Path2D()));
      addArc(path, inner, outer, (left / around) * turn, (right / around) * turn);
    };
    visitRow(scene.picture, row, window, {
      box: (box, left, right) => {
        const found = before === null || before[box + 1]! > before[box]!;
        const cut = right - left >= 4 ? 1 : 0;
        const shade = colour[box]!;
        addTo((found ? scene.palette.boxes : scene.palette.dimmed)[shade]!, left, right - cut);
        if (shade >= scene.hatchedFrom && shade < scene.hatchedTo) {
          addArc(over.hatched, inner, outer, (left / around) * turn, ((right - cut) / around) * turn);
        }
        if (tree.function[box] === scene.selectedFunction && box !== scene.selected) {
          addArc(over.marks, outer - 2, outer, (left / around) * turn, ((right - cut) / around) * turn);
        }
        const middle = (inner + outer) / 2;
        const arc = ((right - left) / around) * turn * middle;
        if (arc < 26) return;
        const angle = ((left + right) / 2 / around) * turn;
        // A text lies on the ring where the arc has room for it, else it points outwards.
        const tangent = arc >= 44;
        const room = tangent ? straightRoom(inner, outer, arc) : rings.thickness - 8;
        const text = this.#fitter.fit(scene.label(box), room);
        if (text !== '') labels.push({ text, angle, radius: middle, tangent });
      },
      pixel: (pixel, shade, coverage, first, end) => {
        const found = before === null || before[end]! > before[first]!;
        const full = (found ? scene.palette.boxes : scene.palette.dimmed)[shade]!;
        // Eight steps of coverage keep the number of paths small.
        addTo(mix(scene.palette.background, full, Math.ceil(coverage * 8) / 8), pixel, pixel + 1);
      },
    });
    for (const [fill, path] of paths) {
      this.#context.fillStyle = fill;
      this.#context.fill(path);
    }
    this.#context.fillStyle = hatch;
    this.#context.fill(over.hatched);
    this.#context.fillStyle = css(scene.palette.ink);
    this.#context.fill(over.marks);
  }

  #core(scene: Scene, aim: Aim, rings: Rings): void {
    const { tree, colour } = scene.picture;
    const box = boxAt(tree, Math.round(aim.row), (aim.from + aim.to) / 2);
    const context = this.#context;
    context.fillStyle = css(box <= 0 ? scene.palette.whole : scene.palette.boxes[colour[box]!]!);
    context.beginPath();
    context.arc(0, 0, rings.core - 2, 0, turn);
    context.fill();
    if (box < 0) return;
    context.fillStyle = css(scene.palette.ink);
    context.fillText(this.#fitter.fit(scene.label(box), rings.core * 1.7), 0, 0);
  }

  #outline(scene: Scene, aim: Aim, rings: Rings): void {
    const { tree } = scene.picture;
    const box = scene.selected;
    if (box < 0 || box >= tree.width.length) return;
    const ring = rowOf(tree, box) - Math.round(aim.row);
    const context = this.#context;
    context.strokeStyle = css(scene.palette.accent);
    context.lineWidth = 2;
    const path = new Path2D();
    if (ring === 0) path.arc(0, 0, rings.core - 2, 0, turn);
    else {
      const left = (tree.start[box]! - aim.from) / (aim.to - aim.from);
      const right = left + tree.width[box]! / (aim.to - aim.from);
      if (ring < 0 || ring > rings.count || right <= 0 || left >= 1) return;
      const inner = rings.core + (ring - 1) * rings.thickness;
      addArc(path, inner, inner + rings.thickness - 1, Math.max(0, left) * turn, Math.min(1, right) * turn);
    }
    context.stroke(path);
  }

  #write(labels: readonly Label[], palette: Palette): void {
    const context = this.#context;
    context.fillStyle = css(palette.ink);
    for (const { text, angle, radius, tangent } of labels) {
      context.save();
      const direction = angle - Math.PI / 2;
      context.translate(Math.cos(direction) * radius, Math.sin(direction) * radius);
      // Never upside down.
      if (tangent) context.rotate(angle > Math.PI / 2 && angle < Math.PI * 1.5 ? angle + Math.PI : angle);
      else context.rotate(angle > Math.PI ? direction + Math.PI : direction);
      context.fillText(text, 0, 1);
      context.restore();
    }
  }
}

interface Label {
  readonly text: string;
  readonly angle: number;
  readonly radius: number;
  readonly tangent: boolean;
}

function ringsOf(scene: Scene, aim: Aim, width: number, height: number): Rings {
  const radius = Math.max(60, Math.min(width, height) / 2 - 12);
  const core = Math.min(64, radius / 5);
  const rows = depthOf(scene.picture.tree) - 1 - Math.round(aim.row);
  const thickness = Math.min(thickest, Math.max(thinnest, (radius - core) / Math.max(1, rows)));
  const count = Math.min(Math.max(0, rows), Math.floor((radius - core) / thickness));
  return { x: width / 2, y: height / 2, core, thickness, count };
}

/** Width of the longest straight text of 13 px that stays within an arc. */
function straightRoom(inner: number, outer: number, arc: number): number {
  const chord = 2 * Math.sqrt(Math.max(0, (outer - 2) ** 2 - (inner + 11) ** 2));
  return Math.min(chord, arc - 8);
}

/** Adds a piece of a ring; angles are clockwise from the top. */
function addArc(path: Path2D, inner: number, outer: number, left: number, right: number): void {
  const from = left - Math.PI / 2;
  const to = right - Math.PI / 2;
  path.moveTo(Math.cos(from) * outer, Math.sin(from) * outer);
  path.arc(0, 0, outer, from, to);
  path.lineTo(Math.cos(to) * inner, Math.sin(to) * inner);
  path.arc(0, 0, inner, to, from, true);
  path.closePath();
}
