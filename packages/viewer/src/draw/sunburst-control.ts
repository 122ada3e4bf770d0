import { rowOf } from '../model/call-tree.ts';
import { Animation } from './animation.ts';
import type { PictureEvents } from './icicle-control.ts';
import type { Scene } from './scene.ts';
import { SunburstPicture, type Aim } from './sunburst-picture.ts';

/** Milliseconds between two steps of the wheel. */
const wheelPause = 160;

/** A sunburst that is looked around in. Draws when something changed. */
export class SunburstControl {
  readonly #canvas: HTMLCanvasElement;
  readonly #picture: SunburstPicture;
  readonly #events: PictureEvents;
  readonly #animation = new Animation<Aim>();
  readonly #stop = new AbortController();
  readonly #observer: ResizeObserver;
  #scene: Scene | undefined;
  #aim: Aim = { from: 0, to: 1, row: 0 };
  #frame = 0;
  #wheeled = 0;

  constructor(canvas: HTMLCanvasElement, events: PictureEvents) {
    this.#canvas = canvas;
    this.#events = events;
    this.#picture = new SunburstPicture(canvas);
    this.#observer = new ResizeObserver(() => this.#redraw());
    this.#observer.observe(canvas);
    const { signal } = this.#stop;
    canvas.addEventListener(
      'pointermove',
      (event) => this.#events.hover(this.#boxAt(event), event.clientX, event.clientY),
      { signal },
    );
    canvas.addEventListener('pointerleave', () => this.#events.hover(-1, 0, 0), { signal });
    canvas.addEventListener('click', (event) => this.#click(event), { signal });
    canvas.addEventListener('dblclick', (event) => this.#doubleClick(event), { signal });
    canvas.addEventListener('wheel', (event) => this.#wheel(event), { signal, passive: false });
  }

  /** Shows another scene; the aim stays unless the tree is another one. */
  show(scene: Scene): void {
    if (this.#scene?.picture.tree !== scene.picture.tree) {
      this.#aim = { from: 0, to: scene.picture.tree.width[0]! || 1, row: 0 };
    }
    this.#scene = scene;
    this.#redraw();
  }

  /** Puts a box in the centre. */
  focus(box: number, animated: boolean): void {
    if (this.#scene === undefined) return;
    const { tree } = this.#scene.picture;
    const start = tree.start[box]!;
    const aim = { from: start, to: start + (tree.width[box]! || 1), row: rowOf(tree, box) };
    const step = (next: Aim) => {
      this.#aim = next;
      this.#redraw();
    };
    if (animated) this.#animation.start(this.#aim, aim, step);
    else step(aim);
  }

  close(): void {
    this.#stop.abort();
    this.#observer.disconnect();
    this.#animation.stop();
    cancelAnimationFrame(this.#frame);
  }

  #redraw(): void {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      const { clientWidth, clientHeight } = this.#canvas;
      if (this.#scene === undefined || clientWidth === 0) return;
      this.#picture.draw(this.#scene, this.#aim, clientWidth, clientHeight, devicePixelRatio);
    });
  }

  #boxAt(event: MouseEvent): number {
    if (this.#scene === undefined) return -1;
    const { clientWidth, clientHeight } = this.#canvas;
    return this.#picture.boxAt(
      this.#scene,
      this.#aim,
      clientWidth,
      clientHeight,
      event.offsetX,
      event.offsetY,
    );
  }

  #click(event: MouseEvent): void {
    const box = this.#boxAt(event);
    if (box >= 0) this.#events.select(box);
  }

  /** The centre leads back to its caller, every other box into the centre. */
  #doubleClick(event: MouseEvent): void {
    const box = this.#boxAt(event);
    if (box < 0) return;
    this.#events.zoom(this.#isCentre(box) ? this.#parentOf(box) : box);
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    this.#events.hover(-1, 0, 0);
    const box = this.#boxAt(event);
    // A turn of the wheel comes as many events, and each would be a step.
    if (this.#scene === undefined || event.timeStamp - this.#wheeled < wheelPause) return;
    this.#wheeled = event.timeStamp;
    if (event.deltaY > 0) this.#events.zoom(this.#parentOf(this.#centre()));
    else if (box >= 0) this.#events.zoom(this.#towards(box));
  }

  #centre(): number {
    const { tree } = this.#scene!.picture;
    const row = Math.round(this.#animation.target(this.#aim).row);
    const { from, to } = this.#animation.target(this.#aim);
    for (let box = tree.rows[row]!; box < tree.rows[row + 1]!; box++) {
      if (tree.start[box]! + tree.width[box]! > (from + to) / 2) return box;
    }
    return 0;
  }

  #isCentre(box: number): boolean {
    return rowOf(this.#scene!.picture.tree, box) === Math.round(this.#aim.row);
  }

  #parentOf(box: number): number {
    return Math.max(0, this.#scene!.picture.tree.parent[box]!);
  }

  /** The box in the first ring that leads to a box. */
  #towards(box: number): number {
    const { tree } = this.#scene!.picture;
    const centre = this.#centre();
    let at = box;
    while (at > 0 && tree.parent[at] !== centre) at = tree.parent[at]!;
    return at > 0 ? at : box;
  }
}
