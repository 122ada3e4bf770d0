import { useEffect, useRef } from 'preact/hooks';
import { views } from '../address.ts';
import type { Session } from './session.ts';

/** Listens for the keys that mean the same everywhere on the page. */
export function useKeys(session: Session | null, onHelp: () => void, onTheme: () => void): void {
  const latest = useRef({ session, onHelp, onTheme });
  latest.current = { session, onHelp, onTheme };
  useEffect(() => {
    const act = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest('input, select, textarea, dialog') !== null)
        return;
      const now = latest.current;
      if (now.session !== null && pageKey(event.key, now.session, now.onHelp, now.onTheme))
        event.preventDefault();
    };
    document.addEventListener('keydown', act);
    return () => document.removeEventListener('keydown', act);
  }, []);
}

/** Acts on a key; false if it means nothing. */
function pageKey(
  key: string,
  { store, address, opened }: Session,
  onHelp: () => void,
  onTheme: () => void,
): boolean {
  const view = views[Number(key) - 1];
  if (view !== undefined) {
    store.show({ view });
    return true;
  }
  switch (key) {
    case '/':
      document.getElementById('search')?.focus();
      return true;
    case '?':
      onHelp();
      return true;
    case 't':
      onTheme();
      return true;
    case 'w':
      store.show({ waiting: !address.waiting, zoom: -1 });
      return true;
    case 'c':
      if (opened.states) store.show({ colours: address.colours === 'code' ? 'states' : 'code' });
      return true;
    case 'h':
      document.getElementById('next-hot-line')?.click();
      return true;
    case '[':
    case ']': {
      const count = opened.threads.length;
      if (count < 2) return true;
      // From all (-1) over the threads and round again.
      const next = ((address.thread + 1 + (key === ']' ? 1 : count)) % (count + 1)) - 1;
      store.show({ thread: next, zoom: -1, range: null });
      return true;
    }
    case 'Escape':
      if (address.query !== '') store.show({ query: '' });
      else if (address.function >= 0) store.show({ function: -1, node: -1 });
      else if (address.zoom >= 0) store.show({ zoom: -1 });
      else if (address.range !== null) store.show({ range: null });
      return true;
    default:
      return false;
  }
}
