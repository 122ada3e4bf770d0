import { formatTime } from '@whetstone/profile';
import { useSession } from './session.ts';

/** Why there is nothing to see, and what to do. */
export function Empty() {
  const { address, opened, store } = useSession();
  const { about } = opened;
  if (address.range !== null) {
    return (
      <Explained text="No samples in this stretch of time.">
        <button type="button" onClick={() => store.show({ range: null })}>
          Show the whole run
        </button>
      </Explained>
    );
  }
  if (!address.waiting) {
    return (
      <Explained text="This thread did not compute: it waited, or it was idle.">
        <button type="button" onClick={() => store.show({ waiting: true })}>
          Show waiting
        </button>
      </Explained>
    );
  }
  return (
    <Explained text={`No samples: the program ended after ${formatTime(about.wall)}.`}>
      <p class="muted">
        Samples are taken every {formatTime(about.interval)}, or more often. Measure a longer run, or a
        smaller interval with <code>--interval</code>.
      </p>
    </Explained>
  );
}

function Explained({
  text,
  children,
}: {
  readonly text: string;
  readonly children: preact.ComponentChildren;
}) {
  return (
    <div class="message">
      <p>{text}</p>
      {children}
    </div>
  );
}
