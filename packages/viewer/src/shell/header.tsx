import { formatPercent, formatTime } from '@whetstone/profile';
import { useRef } from 'preact/hooks';
import type { Theme } from '../draw/palette.ts';
import type { Found } from '../model/search.ts';
import { influenceTexts } from './influence.ts';
import { useSession } from './session.ts';
import { SplitBar } from './split-bar.tsx';

interface Input {
  readonly theme: Theme;
  readonly onTheme: () => void;
  readonly onKeys: () => void;
}

/** What was measured, the search, the answer in a sentence, and where the time went. */
export function Header({ theme, onTheme, onKeys }: Input) {
  const { opened, names } = useSession();
  const { about } = opened;
  const influence = influenceTexts(about);
  return (
    <header class="head">
      <div class="line">
        <p class="what" title={about.command.join(' ')}>
          <strong>{names.program()}</strong>
          <span> · {formatTime(about.wall)}</span>
          {about.runtime.version !== '' && (
            <span>
              {' '}
              · {about.runtime.name} {about.runtime.version.replace(/^v/, '')}
            </span>
          )}
          {about.started !== '' && <span class="when"> · {startedText(about.started)}</span>}
        </p>
        <Search />
        <button type="button" class="plain" onClick={onKeys} aria-label="Show the keys" title="Keys (?)">
          ?
        </button>
        <button
          type="button"
          class="plain"
          onClick={onTheme}
          aria-label={theme === 'dark' ? 'Use the light theme' : 'Use the dark theme'}
          title="Light or dark (t)"
        >
          ◐
        </button>
      </div>
      <h1 class="headline">{opened.report.headline}</h1>
      <div class="line">
        <SplitBar />
        {influence !== null && (
          <p
            class="muted influence"
            title={`Time with measuring divided by time without it: ${influence.long}`}
          >
            {influence.short}
          </p>
        )}
      </div>
    </header>
  );
}

function Search() {
  const { store, address, view, found } = useSession();
  const input = useRef<HTMLInputElement>(null);
  const whole = view.tree.width[0]!;
  return (
    <search class="search">
      <input
        ref={input}
        id="search"
        type="search"
        placeholder="Search functions and files"
        aria-label="Search functions and files; /…/ is a regular expression"
        value={address.query}
        spellcheck={false}
        onInput={(event) => store.show({ query: event.currentTarget.value }, 'along')}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.stopPropagation();
          store.show({ query: '' }, 'along');
          input.current?.blur();
        }}
      />
      {address.query.trim() !== '' && <output class="muted">{foundText(found, whole)}</output>}
    </search>
  );
}

/** What the functions found take of all; `whole` is that of the threads and the range shown. */
function foundText(found: Found | null, whole: number): string {
  if (found === null) return 'no regular expression';
  if (!found.functions.includes(1)) return 'nothing found';
  return `${formatTime(found.time)} · ${formatPercent(whole > 0 ? found.time / whole : null)}`;
}

/** Day and time of the start, in the reader's time zone. */
function startedText(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  })
    .format(date)
    .replace(',', '');
}
