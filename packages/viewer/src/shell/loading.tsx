import { formatBytes } from '@whetstone/profile';
import type { ComponentChildren } from 'preact';
import { views, viewTitles } from '../address.ts';
import type { Progress } from '../worker/client.ts';

/** The frame of the page while the profile comes, with how far it is. */
export function Loading({ progress }: { readonly progress: Progress | null }) {
  const stage = progress?.stage ?? 'Loading the profile';
  const whole = progress?.whole ?? null;
  return (
    <Frame>
      <div class="message" role="status">
        <p>{stage}…</p>
        {whole !== null && <progress value={progress!.done} max={whole} />}
        {progress !== null && progress.done > 0 && (
          <p class="muted">
            {formatBytes(progress.done)}
            {whole === null ? '' : ` of ${formatBytes(whole)}`}
          </p>
        )}
      </div>
    </Frame>
  );
}

/** What stays the same whatever is shown. */
function Frame({ children }: { readonly children: ComponentChildren }) {
  return (
    <>
      <header class="head">
        <p class="what">
          <strong>Whetstone</strong>
        </p>
      </header>
      <nav class="tabs" aria-label="Views">
        <div class="views">
          {views.map((view) => (
            <button key={view} type="button" class="tab" disabled>
              {viewTitles[view]}
            </button>
          ))}
        </div>
      </nav>
      {children}
    </>
  );
}

/** Says what went wrong, and what to do. */
export function Trouble({ error }: { readonly error: Error & { code?: string } }) {
  return (
    <Frame>
      <div class="message" role="alert">
        <h1>The profile cannot be shown</h1>
        <p>{error.message}</p>
        {error.code !== undefined && <p class="muted">{error.code}</p>}
        <p class="muted">
          Open another one with <code>whetstone view FILE</code>; <code>whetstone history</code> lists them.
        </p>
      </div>
    </Frame>
  );
}
