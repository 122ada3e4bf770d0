import { useEffect, useState } from 'preact/hooks';

/** The width below which the panel goes under the picture, as in the style sheet. */
const query = '(max-width: 860px)';

/** Whether the window is narrow. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const follow = () => setNarrow(media.matches);
    media.addEventListener('change', follow);
    return () => media.removeEventListener('change', follow);
  }, []);
  return narrow;
}
