import { formatTime } from '@whetstone/profile';
import { useEffect, useRef, useState } from 'preact/hooks';
import { drawActivity } from '../draw/activity-picture.ts';
import { useSession } from './session.ts';

type Range = readonly [from: number, to: number];

/** A movement shorter than this is a click, which shows the whole run again. */
const shortest = 3;
/** Part of the run that an arrow key moves an edge by. */
const keyStep = 0.02;

/** What the thread did over time; a stretch that is drawn over it is what the other views show. */
export function TimeStrip() {
  const { view, palette, address, store } = useSession();
  const { activity } = view;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [brush, setBrush] = useState<Range | null>(null);
  const [size, setSize] = useState(0);
  const range = brush ?? address.range;
  useEffect(() => {
    if (canvas.current === null) return;
    const observer = new ResizeObserver(([entry]) => setSize(entry!.contentRect.width));
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, [activity.to > 0]);
  useEffect(() => {
    if (canvas.current !== null)
      drawActivity(canvas.current, activity, palette, view.scope.thread < 0, range);
  }, [activity, palette, range, size]);
  if (activity.to <= 0) return null;
  const timeAt = (x: number) =>
    Math.min(activity.to, Math.max(0, (x / canvas.current!.clientWidth) * activity.to));
  return (
    <section class="strip" aria-label="Time">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="slider"
        aria-label="Time range: arrow keys move it, Shift and arrows its end, Escape shows the whole run"
        aria-valuemin={0}
        aria-valuemax={Math.round(activity.to)}
        aria-valuenow={Math.round(range?.[0] ?? 0)}
        aria-valuetext={
          range === null ? 'the whole run' : `${formatTime(range[0])} to ${formatTime(range[1])}`
        }
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          const at = timeAt(event.offsetX);
          setBrush([at, at]);
        }}
        onPointerMove={(event) => {
          if (brush !== null) setBrush([brush[0], timeAt(event.offsetX)]);
        }}
        onPointerUp={() => {
          if (brush === null) return;
          const [from, to] = brush[0] < brush[1] ? brush : [brush[1], brush[0]];
          setBrush(null);
          const wide = ((to - from) / activity.to) * canvas.current!.clientWidth >= shortest;
          store.show({ range: wide ? rounded([from, to]) : null, zoom: -1 });
        }}
        onPointerCancel={() => setBrush(null)}
        onKeyDown={(event) => {
          const next = keyRange(event, address.range, activity.to);
          if (next === undefined) return;
          event.preventDefault();
          event.stopPropagation();
          store.show({ range: next, zoom: -1 }, 'along');
        }}
      />
      <span class="strip-end muted" aria-hidden="true">
        {formatTime(activity.to)}
      </span>
    </section>
  );
}

function rounded([from, to]: Range): Range {
  return [Math.floor(from), Math.max(Math.floor(from) + 1, Math.ceil(to))];
}

/** The range that a key leads to, `undefined` if the key is none of ours. */
function keyRange(event: KeyboardEvent, range: Range | null, whole: number): Range | null | undefined {
  if (event.key === 'Escape') return range === null ? undefined : null;
  const direction = event.key === 'ArrowLeft' ? -1 : event.key === 'ArrowRight' ? 1 : 0;
  if (direction === 0) return undefined;
  const [from, to] = range ?? [0, whole / 4];
  if (range === null) return rounded([from, to]);
  const shift = direction * whole * keyStep;
  if (event.shiftKey) return rounded([from, Math.min(whole, Math.max(from + whole * keyStep, to + shift))]);
  const left = Math.min(whole - (to - from), Math.max(0, from + shift));
  return rounded([left, left + (to - from)]);
}
