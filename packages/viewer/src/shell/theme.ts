import { useLayoutEffect, useEffect, useState } from 'preact/hooks';
import { categories } from '@whetstone/profile';
import { categoryColour, css, palettes, type Theme } from '../draw/palette.ts';

/** The theme: the system's, until it is chosen here. */
export function useTheme(): [Theme, () => void] {
  const [chosen, choose] = useState<Theme | null>(remembered);
  const [system, setSystem] = useState<Theme>(systemTheme);
  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => setSystem(systemTheme());
    dark.addEventListener('change', follow);
    return () => dark.removeEventListener('change', follow);
  }, []);
  const theme = chosen ?? system;
  useLayoutEffect(() => {
    const { dataset, style } = document.documentElement;
    dataset['theme'] = theme;
    // Lists and bars have the colours of the pictures.
    categories.forEach((category, i) =>
      style.setProperty(`--${category}`, css(categoryColour(palettes[theme], i))),
    );
  }, [theme]);
  const toggle = () => {
    const next = theme === 'dark' ? 'light' : 'dark';
    choose(next);
    remember(next);
  };
  return [theme, toggle];
}

function systemTheme(): Theme {
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

const key = 'whetstone-theme';

function remembered(): Theme | null {
  try {
    const theme = localStorage.getItem(key);
    return theme === 'light' || theme === 'dark' ? theme : null;
  } catch {
    // A page opened as a file may have no storage; then the choice lasts as long as the page.
    return null;
  }
}

function remember(theme: Theme): void {
  try {
    localStorage.setItem(key, theme);
  } catch {
    // As above.
  }
}
