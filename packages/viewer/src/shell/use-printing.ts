import { options } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/** Whether the page is being printed: then it shows what is worth paper. */
export function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const set = (value: boolean) => () => {
      // The browser takes what is there when this returns, so it cannot be drawn later.
      const later = options.debounceRendering;
      options.debounceRendering = (draw) => draw();
      setPrinting(value);
      if (later === undefined) delete options.debounceRendering;
      else options.debounceRendering = later;
    };
    const begin = set(true);
    const end = set(false);
    addEventListener('beforeprint', begin);
    addEventListener('afterprint', end);
    return () => {
      removeEventListener('beforeprint', begin);
      removeEventListener('afterprint', end);
    };
  }, []);
  return printing;
}
