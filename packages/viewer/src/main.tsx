import type { RunReport } from '@whetstone/analyze';
import { render } from 'preact';
import { App } from './shell/app.tsx';
import './style.css';
import { Store } from './store.ts';
import { WorkerClient, type Progress } from './worker/client.ts';
import workerUrl from './worker/worker.ts?worker&url';

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
  const embedded = document.getElementById('profile')?.textContent;
  const opening = Promise.all([
    worker.ask({
      kind: 'open',
      place:
        embedded === undefined || embedded === null
          ? { kind: 'address', url: new URL('profile.whet', location.href).href }
          : { kind: 'text', base64: embedded.trim() },
    }),
    readReport(),
  ]).then(([opened, report]) => ({ opened, report }));
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
  if (code === undefined || code === null) return new Worker(workerUrl);
  return new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })));
}

async function readReport(): Promise<RunReport> {
  const embedded = document.getElementById('report')?.textContent;
  if (embedded !== undefined && embedded !== null) return JSON.parse(embedded) as RunReport;
  const response = await fetch('report.json', { credentials: 'same-origin' });
  if (!response.ok) throw new Error(`The server answered ${response.status} when asked for the report.`);
  return (await response.json()) as RunReport;
}

open();
