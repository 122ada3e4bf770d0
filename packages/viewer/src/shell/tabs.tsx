import { formatTime } from '@whetstone/profile';
import { views, viewTitles } from '../address.ts';
import { useSession } from './session.ts';

/** The views, and what of the profile they show. */
export function Tabs({ pending }: { readonly pending: boolean }) {
  const { store, address, opened } = useSession();
  return (
    <nav class="tabs" aria-label="Views">
      <div class="views">
        {views.map((view, i) => (
          <button
            key={view}
            type="button"
            class="tab"
            aria-current={address.view === view ? 'page' : undefined}
            title={`${viewTitles[view]} (${i + 1})`}
            onClick={() => store.show({ view })}
          >
            {viewTitles[view]}
          </button>
        ))}
      </div>
      {pending && (
        <span class="muted" role="status">
          adding up…
        </span>
      )}
      {address.range !== null && (
        <button
          type="button"
          class="chip"
          title="Back to the whole run"
          onClick={() => store.show({ range: null })}
        >
          {formatTime(address.range[0])} – {formatTime(address.range[1])} ×
        </button>
      )}
      <label class="choice" title="Whether waiting and idling are part of the pictures (w)">
        <input
          type="checkbox"
          checked={address.waiting}
          onChange={(event) => store.show({ waiting: event.currentTarget.checked, zoom: -1 })}
        />
        waiting
      </label>
      {opened.states && (
        <label class="choice" title="Whether colours tell what time was spent on, or whose code it is (c)">
          <input
            type="checkbox"
            checked={address.colours === 'states'}
            onChange={(event) => store.show({ colours: event.currentTarget.checked ? 'states' : 'code' })}
          />
          colour by state
        </label>
      )}
      {opened.threads.length > 1 && (
        <select
          aria-label="Thread"
          value={String(address.thread)}
          onChange={(event) =>
            store.show({ thread: Number(event.currentTarget.value), zoom: -1, range: null })
          }
        >
          <option value="-1">all threads</option>
          {opened.threads.map((thread, i) => (
            <option key={i} value={String(i)}>
              {thread.name || `thread ${thread.thread}`}
              {opened.threads.some(({ process }) => process !== opened.threads[0]!.process)
                ? ` · process ${thread.process}`
                : ''}
            </option>
          ))}
        </select>
      )}
    </nav>
  );
}
