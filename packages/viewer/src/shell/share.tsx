import { formatPercent } from '@whetstone/profile';

/** A share as a bar of its length and a number. */
export function Share({ part }: { readonly part: number }) {
  return (
    <>
      <span class="share-track" aria-hidden="true">
        <span style={{ width: `${Math.min(100, part * 100)}%` }} />
      </span>
      <span class="share-text">{formatPercent(part).replace(' %', '')}</span>
    </>
  );
}
