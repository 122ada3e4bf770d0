import { formatBytes } from '@whetstone/profile';
import type { Progress } from '../worker/client.ts';

/** The frame of the page while the profile comes, with how far it is. */
export function Loading({ progress }: { readonly progress: Progress | null }) {
  const stage = progress?.stage ?? 'Loading the profile';
  const whole = progress?.whole ?? null;
  return (
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
  );
}

/** Says what went wrong, and what to do. */
export function Trouble({ error }: { readonly error: Error & { code?: string } }) {
  return (
    <div class="message" role="alert">
      <h1>The profile cannot be shown</h1>
      <p>{error.message}</p>
      {error.code !== undefined && <p class="muted">{error.code}</p>}
      <p class="muted">
        Open another one with <code>whetstone view FILE</code>; <code>whetstone history</code> lists them.
      </p>
    </div>
  );
}
