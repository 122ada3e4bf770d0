import { render } from 'preact';
import { App } from './shell/app.tsx';
import { Store } from './store.ts';
import { WorkerClient, type Progress } from './worker/client.ts';
import type { DataPlace } from './worker/messages.ts';

/** Opens what the page was given: files beside it on a server, or blocks of data in itself. */
function open(): void {
  // A cookie has taken over; an address that is passed on should open nothing.
  if (location.search !== '') history.replaceState(null, '', location.pathname + location.hash);
  let latest: Progress | null = null;
  let listener: ((progress: Progress) => void) | null = null;
  const worker = new WorkerClient(startWorker(), (progress) => {
    latest = progress;
    listener?.(progress);
  });
  const opening = worker.ask({ kind: 'open', place: dataPlace() });
  const onProgress = (listen: (progress: Progress) => void) => {
    listener = listen;
    if (latest !== null) listen(latest);
  };
  render(
    <App store={new Store()} worker={worker} opening={opening} onProgress={onProgress} />,
    document.getElementById('page')!,
  );
}

/** In a self-contained page the worker's code is a block of data too: a file may not load another. */
function startWorker(): Worker {
  const code = document.getElementById('worker')?.textContent;
  if (code === undefined || code === null) return new Worker(new URL('./worker/worker.ts', import.meta.url));
  return new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
}

function dataPlace(): DataPlace {
  const profile = document.getElementById('profile');
  const report = document.getElementById('report');
  const place: DataPlace =
    profile === null || report === null
      ? { kind: 'addresses', profile: addressOf('profile.whet'), report: addressOf('report.json') }
      : { kind: 'texts', profile: profile.textContent.trim(), report: report.textContent };
  // The worker has them now; a large text need not stay in the page.
  report?.replaceChildren();
  profile?.replaceChildren();
  return place;
}

function addressOf(name: string): string {
  return new URL(name, location.href).href;
}

open();
