import { categories, formatCount, formatTime, type Category } from '@whetstone/profile';
import { useEffect, useRef, useState } from 'preact/hooks';
import { IcicleControl, type PictureEvents } from '../draw/icicle-control.ts';
import { categoryColour, css } from '../draw/palette.ts';
import type { Scene } from '../draw/scene.ts';
import { SunburstControl } from '../draw/sunburst-control.ts';
import { depthOf } from '../model/call-tree.ts';
import { isWaiting } from '../model/scope.ts';
import { shadesPerCategory } from '../model/shade.ts';
import { computingStates, stateNames, states } from '../model/states.ts';
import { step, type Direction } from '../model/step.ts';
import { Empty } from './empty.tsx';
import { selectBox, useSession, type Session } from './session.ts';
import { Tooltip, type Hover } from './tooltip.tsx';

type Kind = 'icicle' | 'sunburst';
const waitingShade = categories.indexOf('waiting') * shadesPerCategory;

/** The tree of calls as an icicle or a sunburst. */
export function CallPicture({ kind }: { readonly kind: Kind }) {
  const session = useSession();
  const { view, address, boxOfNode, selectedBox } = session;
  const canvas = useRef<HTMLCanvasElement>(null);
  const control = useRef<IcicleControl | SunburstControl | null>(null);
  const latest = useRef(session);
  latest.current = session;
  const shownTree = useRef<object | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const empty = view.tree.width[0]! <= 0;

  useEffect(() => {
    if (canvas.current === null) return;
    const events: PictureEvents = {
      hover: (box, x, y) => setHover(box < 0 ? null : { box, x, y }),
      select: (box) => select(latest.current, box),
      zoom: (box) => zoomTo(latest.current, box),
    };
    control.current =
      kind === 'icicle'
        ? new IcicleControl(canvas.current, events)
        : new SunburstControl(canvas.current, events);
    shownTree.current = null;
    setHover(null);
    return () => control.current?.close();
  }, [kind, empty]);

  const zoomBox = Math.max(0, boxOfNode(address.zoom));
  useEffect(() => {
    if (control.current === null) return;
    control.current.show(sceneOf(session));
  });
  useEffect(() => {
    if (control.current === null) return;
    setHover(null);
    // A new tree is shown where the address says, without a movement from where another one was.
    control.current.focus(zoomBox, shownTree.current === view.tree);
    shownTree.current = view.tree;
  }, [zoomBox, view.tree, kind, empty]);
  useEffect(() => {
    if (control.current instanceof IcicleControl && selectedBox >= 0) control.current.reveal(selectedBox);
  }, [selectedBox, kind]);

  if (empty) return <Empty />;
  return (
    <div class="picture">
      <canvas
        ref={canvas}
        class="canvas"
        tabIndex={0}
        role="application"
        aria-roledescription={kind}
        aria-label={`Calls by time: ${titleOf(session)}. Arrow keys go from call to call, Enter zooms in, Backspace out. The table holds the same figures.`}
        onKeyDown={(event) => {
          setHover(null);
          if (pictureKey(session, control.current, event)) event.preventDefault();
        }}
      >
        {titleOf(session)}
      </canvas>
      <p class="visually-hidden" aria-live="polite">
        {selectedBox >= 0 ? spoken(session, selectedBox) : ''}
      </p>
      <Legend />
      {hover !== null && hover.box < view.tree.width.length && <Tooltip hover={hover} zoomBox={zoomBox} />}
    </div>
  );
}

function Legend() {
  const { view, opened, palette } = useSession();
  const present = new Set<number>();
  const byState = view.colours === 'states';
  view.figures.self.forEach((self, fn) => {
    const category = opened.functions.category[fn]!;
    // Coloured by states, whose code it is shows on what rests alone.
    if (self > 0 && !(byState && !isWaiting(category))) present.add(category);
  });
  if (byState) {
    for (const { state, category } of computingStates) {
      if (view.figures.states.some((time, i) => time > 0 && i % states.length === state))
        present.add(categories.indexOf(category));
    }
  }
  const nameOf = (category: Category) => (byState && stateOf(category)) || categoryNames[category];
  return (
    <ul class="legend">
      {categories.map((category, i) =>
        present.has(i) ? (
          <li key={category}>
            <span
              class={`swatch ${category}`}
              style={
                category === 'idle' || category === 'waiting'
                  ? {}
                  : { background: css(categoryColour(palette, i)) }
              }
            />
            {nameOf(category)}
          </li>
        ) : null,
      )}
      <li class="muted legend-end">
        {formatCount(view.tree.width.length - 1)} call paths · {depthOf(view.tree) - 1} deep ·{' '}
        {formatTime(view.tree.width[0]!)}
      </li>
    </ul>
  );
}

/** What a category's colour stands for in a picture coloured by states. */
function stateOf(category: Category): string | null {
  const found = computingStates.find((shown) => shown.category === category);
  return found === undefined ? null : stateNames[states[found.state]!];
}

/** What the categories are called for people. */
export const categoryNames: Readonly<Record<Category, string>> = {
  own: 'own code',
  dependency: 'dependency',
  runtime: 'runtime',
  native: 'native',
  collector: 'collector',
  waiting: 'waiting',
  idle: 'idle',
};

function sceneOf({ view, palette, names, found, selectedBox, address }: Session): Scene {
  const { tree, colour, pyramid } = view;
  return {
    picture: { tree, colour, pyramid },
    palette,
    label: (box) => names.label(tree.function[box]!),
    hatchedFrom: waitingShade,
    hatchedTo: waitingShade + shadesPerCategory,
    found,
    selected: selectedBox,
    selectedFunction: address.function,
  };
}

/** A click selects; on what is selected already, it zooms. */
function select(session: Session, box: number): void {
  if (box === 0) session.store.show({ function: -1, node: -1 });
  else selectBox(session, box);
}

function zoomTo({ store, view }: Session, box: number): void {
  store.show({
    zoom: view.tree.node[box]!,
    ...(box > 0 && { function: view.tree.function[box]!, node: view.tree.node[box]! }),
  });
}

const arrows: Readonly<Record<string, Direction>> = {
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
};

/** Acts on a key; false if it means nothing here. */
function pictureKey(
  session: Session,
  control: IcicleControl | SunburstControl | null,
  event: KeyboardEvent,
): boolean {
  const { view, selectedBox, boxOfNode, address, store } = session;
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const direction = arrows[event.key];
  if (direction !== undefined && !(event.shiftKey && control instanceof IcicleControl)) {
    const from = selectedBox >= 0 ? selectedBox : Math.max(0, boxOfNode(address.zoom));
    const next = step(view.tree, from, direction);
    if (next > 0) selectBox(session, next);
    return true;
  }
  if (boxKey(session, event.key)) return true;
  if (event.key === 'Home' || event.key === '0') {
    if (address.zoom >= 0) store.show({ zoom: -1 });
    else control?.focus(0, true);
    return true;
  }
  if (!(control instanceof IcicleControl)) {
    // A sunburst has no zoom between two boxes.
    const same = event.key === '+' || event.key === '=' ? 'Enter' : event.key === '-' ? 'Backspace' : null;
    return same !== null && boxKey(session, same);
  }
  const moves: Readonly<Record<string, () => void>> = {
    '+': () => control.zoomBy(0.6),
    '=': () => control.zoomBy(0.6),
    '-': () => control.zoomBy(1 / 0.6),
    ArrowLeft: () => control.moveBy(-0.2, 0),
    ArrowRight: () => control.moveBy(0.2, 0),
    ArrowUp: () => control.moveBy(0, -3),
    ArrowDown: () => control.moveBy(0, 3),
    PageUp: () => control.moveBy(0, -12),
    PageDown: () => control.moveBy(0, 12),
  };
  const move = moves[event.key];
  move?.();
  return move !== undefined;
}

/** Acts on a key that leads from box to box; false if it means nothing here. */
function boxKey(session: Session, key: string): boolean {
  const { view, selectedBox, boxOfNode, address, store } = session;
  switch (key) {
    case 'Enter':
      if (selectedBox > 0) zoomTo(session, selectedBox);
      return true;
    case 'Backspace': {
      const box = boxOfNode(address.zoom);
      if (box > 0) store.show({ zoom: view.tree.node[view.tree.parent[box]!]! });
      return true;
    }
    default:
      return false;
  }
}

function titleOf({ view, names }: Session): string {
  return `${formatTime(view.tree.width[0]!)} of ${names.program()} in ${formatCount(view.tree.width.length - 1)} call paths`;
}

function spoken({ view, names }: Session, box: number): string {
  const { tree } = view;
  const fn = tree.function[box]!;
  return `${names.function(fn)}, ${names.place(fn)}: self ${formatTime(tree.self[box]!)}, total ${formatTime(tree.width[box]!)}`;
}
