import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

/** Rows beyond the edges that are made already, so that quick scrolling shows no gaps. */
const beyond = 12;

/** Which rows of a long list are in sight. */
export interface VisibleRows {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly first: number;
  /** Behind the last. */
  readonly end: number;
  /** Scrolls a row into sight; to the middle if it is far away. */
  reveal(row: number): void;
}

/**
 * Keeps track of what a scrolled list of equally high rows shows.
 *
 * @param head height of what stays above the rows while they scroll
 */
export function useRows(count: number, height: number, head = 0): VisibleRows {
  const scroller = useRef<HTMLDivElement>(null);
  const [sight, setSight] = useState({ top: 0, height: 800 });
  const measure = () => {
    const { scrollTop = 0, clientHeight = 800 } = scroller.current ?? {};
    setSight((before) =>
      before.top === scrollTop && before.height === clientHeight
        ? before
        : { top: scrollTop, height: clientHeight },
    );
  };
  useLayoutEffect(measure, [count]);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, [scroller.current]);
  return {
    scroller,
    first: Math.max(0, Math.floor(sight.top / height) - beyond),
    end: Math.min(count, Math.ceil((sight.top + sight.height) / height) + beyond),
    reveal(row) {
      const element = scroller.current;
      if (element === null || row < 0) return;
      const top = row * height;
      const { scrollTop } = element;
      const clientHeight = element.clientHeight - head;
      if (top >= scrollTop && top + height <= scrollTop + clientHeight - height) return;
      const near = top > scrollTop - 3 * height && top < scrollTop + clientHeight + 2 * height;
      if (!near) element.scrollTop = top - clientHeight / 2;
      else if (top < scrollTop) element.scrollTop = top;
      else element.scrollTop = top + 2 * height - clientHeight;
    },
  };
}
