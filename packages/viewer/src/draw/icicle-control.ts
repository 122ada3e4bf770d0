import { depthOf, rowOf } from '../model/call-tree.ts';
import { Animation } from './animation.ts';
import { IciclePicture, rowHeight, type Outlook } from './icicle-picture.ts';
import type { Scene } from './scene.ts';

/** What happens in a picture and concerns the rest of the page. */
export interface PictureEvents {
  /** The pointer is over a box, at a point of the window; -1 when it left. */
  hover(box: number, x: number, y: number): void;
  select(box: number): void;
  zoom(box: number): void;
}

/** A box cannot be looked at more closely than this part of the whole. */
const closest = 1e-7;
/** A press that moves further than this is a drag. */
const dragFrom = 4;

/** An icicle that is looked around in: zoomed, moved and clicked. Draws when something changed. */
export class IcicleControl {
  readonly #canvas: HTMLCanvasElement;
  readonly #picture: IciclePicture;
  readonly #events: PictureEvents;
  readonly #animation = new Animation();
  readonly #stop = new AbortController();
  readonly #observer: ResizeObserver;
  #scene: Scene | undefined;
  #outlook: Outlook = { from: 0, to: 1, top: 0 };
  #width = 1;
  #height = 1;
  #frame = 0;
  #drag: { x: number; y: number; from: Outlook; moved: boolean } | undefined;

  constructor(canvas: HTMLCanvasElement, events: PictureEvents) {
    this.#canvas = canvas;
    this.#events = events;
    this.#picture = new IciclePicture(canvas);
    this.#observer = new ResizeObserver(() => {
      this.#measure();
      this.#redraw();
    });
    this.#observer.observe(canvas);
    this.#measure();
    this.#listen();
  }

  /** Shows another scene; the outlook stays unless the tree is another one. */
  show(scene: Scene): void {
    const whole = scene.picture.tree.width[0]!;
    if (this.#scene?.picture.tree !== scene.picture.tree) this.#outlook = { from: 0, to: whole || 1, top: 0 };
    this.#scene = scene;
    this.#redraw();
  }

  /** Lets a box fill the width, its callers above it. */
  focus(box: number, animated: boolean): void {
    const scene = this.#scene;
    if (scene === undefined) return;
    const { tree } = scene.picture;
    const row = rowOf(tree, box);
    const visibleRows = Math.max(4, Math.floor(this.#height / rowHeight));
    const top = Math.max(0, (row - Math.floor(visibleRows / 3)) * rowHeight);
    this.#go({ from: tree.start[box]!, to: tree.start[box]! + (tree.width[box]! || 1), top }, animated);
  }

  /** Scrolls a box into sight, and moves sideways only where it is outside. */
  reveal(box: number): void {
    const scene = this.#scene;
    if (scene === undefined || box < 0) return;
    const { tree } = scene.picture;
    const y = rowOf(tree, box) * rowHeight;
    let { from, to, top } = this.#outlook;
    if (y < top) top = y;
    if (y + rowHeight > top + this.#height) top = y + rowHeight - this.#height;
    const left = tree.start[box]!;
    const right = left + tree.width[box]!;
    const span = to - from;
    // A box thinner than three pixels cannot be seen: the outlook closes in on it.
    if (right <= from || left >= to || (right - left) / span < 3 / this.#width) {
      const near = Math.max(right - left, Math.min(span, (right - left) * 20));
      from = (left + right) / 2 - near / 2;
      to = from + near;
    }
    this.#go({ from, to, top }, true);
  }

  /** `factor` below 1 comes closer; `at` is the part of the width that stays where it is. */
  zoomBy(factor: number, at = 0.5): void {
    const { from, to, top } = this.#animation.target(this.#outlook);
    const fixed = from + (to - from) * at;
    this.#go({ from: fixed - (fixed - from) * factor, to: fixed + (to - fixed) * factor, top }, true);
  }

  /** Moves by parts of the width and by rows. */
  moveBy(part: number, rows: number): void {
    const { from, to, top } = this.#animation.target(this.#outlook);
    const shift = (to - from) * part;
    this.#go({ from: from + shift, to: to + shift, top: top + rows * rowHeight }, true);
  }

  close(): void {
    this.#stop.abort();
    this.#observer.disconnect();
    this.#animation.stop();
    cancelAnimationFrame(this.#frame);
  }

  #go(wanted: Outlook, animated: boolean): void {
    const outlook = this.#inside(wanted);
    if (!animated) {
      this.#animation.stop();
      this.#outlook = outlook;
      this.#redraw();
      return;
    }
    this.#animation.start(this.#outlook, outlook, (step) => {
      this.#outlook = step;
      this.#redraw();
    });
  }

  /** The nearest outlook that shows nothing outside the whole. */
  #inside({ from, to, top }: Outlook): Outlook {
    const { tree } = this.#scene!.picture;
    const whole = tree.width[0]! || 1;
    const span = Math.min(whole, Math.max(to - from, whole * closest));
    const middle = (from + to) / 2;
    const left = Math.min(whole - span, Math.max(0, middle - span / 2));
    const lowest = Math.max(0, depthOf(tree) * rowHeight - this.#height);
    return { from: left, to: left + span, top: Math.min(lowest, Math.max(0, top)) };
  }

  #measure(): void {
    this.#width = Math.max(1, this.#canvas.clientWidth);
    this.#height = Math.max(1, this.#canvas.clientHeight);
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw(): void {
    if (this.#scene === undefined) return;
    this.#picture.draw(this.#scene, this.#outlook, this.#width, this.#height, devicePixelRatio);
  }

  #boxAt(event: MouseEvent): number {
    if (this.#scene === undefined) return -1;
    return this.#picture.boxAt(this.#scene, this.#outlook, this.#width, event.offsetX, event.offsetY);
  }

  #listen(): void {
    const canvas = this.#canvas;
    const { signal } = this.#stop;
    canvas.addEventListener('pointerdown', (event) => this.#press(event), { signal });
    canvas.addEventListener('pointermove', (event) => this.#move(event), { signal });
    canvas.addEventListener('pointerup', (event) => this.#release(event), { signal });
    canvas.addEventListener('pointercancel', () => (this.#drag = undefined), { signal });
    canvas.addEventListener('pointerleave', () => this.#events.hover(-1, 0, 0), { signal });
    canvas.addEventListener('dblclick', (event) => this.#zoom(this.#boxAt(event)), { signal });
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#drag = { x: event.clientX, y: event.clientY, from: this.#outlook, moved: false };
  }

  #move(event: PointerEvent): void {
    const drag = this.#drag;
    if (drag === undefined) {
      this.#events.hover(this.#boxAt(event), event.clientX, event.clientY);
      return;
    }
    const dx = event.clientX - drag.x;
    const dy = event.clientY - drag.y;
    if (!drag.moved) {
      if (Math.hypot(dx, dy) < dragFrom) return;
      drag.moved = true;
      this.#canvas.setPointerCapture(event.pointerId);
      this.#events.hover(-1, 0, 0);
    }
    const { from, to, top } = drag.from;
    const shift = (-dx / this.#width) * (to - from);
    this.#go({ from: from + shift, to: to + shift, top: top - dy }, false);
  }

  #release(event: PointerEvent): void {
    const drag = this.#drag;
    this.#drag = undefined;
    if (drag === undefined || drag.moved) return;
    const box = this.#boxAt(event);
    if (box >= 0) this.#events.select(box);
  }

  #zoom(box: number): void {
    if (box >= 0) this.#events.zoom(box);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    // What lies under the pointer moves away from under it.
    this.#events.hover(-1, 0, 0);
    const unit = event.deltaMode === 1 ? 20 : event.deltaMode === 2 ? this.#height : 1;
    const sideways = event.deltaX * unit;
    const { from, to, top } = this.#animation.target(this.#outlook);
    if (event.shiftKey) {
      this.#go({ from, to, top: top + (event.deltaY || event.deltaX) * unit }, false);
      return;
    }
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      const shift = (sideways / this.#width) * (to - from);
      this.#go({ from: from + shift, to: to + shift, top }, false);
      return;
    }
    // A pinch on a touch pad comes as small steps with the control key.
    const factor = Math.exp(event.deltaY * unit * (event.ctrlKey ? 0.01 : 0.002));
    this.zoomBy(factor, event.offsetX / this.#width);
  }
}
