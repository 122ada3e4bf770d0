import { formatCount, formatPercent, formatTime } from '@whetstone/profile';
import { Fragment } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { useSession } from './session.ts';
import { spentOn } from './spent-bar.tsx';

/** A box under the pointer, and where that is in the window. */
export interface Hover {
  readonly box: number;
  readonly x: number;
  readonly y: number;
}

/** Between the pointer and the tooltip. */
const distance = 14;

/** What a box stands for, beside the pointer and never under it. */
export function Tooltip({ hover, zoomBox }: { readonly hover: Hover; readonly zoomBox: number }) {
  const { view, names, opened } = useSession();
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const tip = element.current!;
    const { offsetWidth: width, offsetHeight: height } = tip;
    // Right of the pointer and below it; where there is no room, left of it or above.
    const left =
      hover.x + distance + width > innerWidth - 8 ? hover.x - distance - width : hover.x + distance;
    const top =
      hover.y + distance + height > innerHeight - 8 ? hover.y - distance - height : hover.y + distance;
    tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  });
  const { tree, figures } = view;
  const fn = tree.function[hover.box]!;
  const total = tree.width[hover.box]!;
  const calls = fn < 0 ? Number.NaN : figures.calls[fn]!;
  const waited = total - view.busy[hover.box]!;
  const visible = tree.width[zoomBox]!;
  return (
    <div ref={element} class="tooltip" role="tooltip">
      <p class="name">{names.function(fn)}</p>
      {fn >= 0 && names.place(fn) !== '' && <p class="muted place">{names.place(fn)}</p>}
      <dl>
        <dt>total</dt>
        <dd>{formatTime(total)}</dd>
        <dd class="muted">{formatPercent(total / tree.width[0]!)} of all</dd>
        <dt>self</dt>
        <dd>{formatTime(tree.self[hover.box]!)}</dd>
        <dd class="muted">{formatPercent(tree.self[hover.box]! / tree.width[0]!)}</dd>
        {waited > total * 1e-9 && (
          <>
            <dt>of it waiting</dt>
            <dd>{formatTime(waited)}</dd>
            <dd class="muted">{formatPercent(waited / tree.width[0]!)}</dd>
          </>
        )}
        {zoomBox > 0 && (
          <>
            <dt>of the visible</dt>
            <dd>{formatPercent(Math.min(1, total / visible))}</dd>
            <dd />
          </>
        )}
        {!Number.isNaN(calls) && opened.about.modes.counts && (
          <>
            <dt>calls</dt>
            <dd>{formatCount(calls)}</dd>
            <dd class="muted">of the function</dd>
          </>
        )}
        {fn >= 0 &&
          spentOn(figures.states, fn).map(({ state, name, time, share }) => (
            <Fragment key={state}>
              <dt>
                <span class={`swatch state-${state}`} />
                {name}
              </dt>
              <dd>{formatTime(time)}</dd>
              <dd class="muted">{share} of the function</dd>
            </Fragment>
          ))}
      </dl>
    </div>
  );
}
