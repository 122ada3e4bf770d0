import { useEffect, useState } from 'preact/hooks';
import type { WorkerClient } from '../worker/client.ts';
import { useSession } from './session.ts';

/** The text of a file: `lines` is `null` where it is not to be had. */
export interface SourceText {
  readonly file: number;
  readonly lines: readonly string[] | null;
  /** Why it is not there, or that it may not be what ran; else empty. */
  readonly note: string;
}

/** Texts that were asked for, for as long as the page lives. */
const texts = new WeakMap<WorkerClient, Map<number, Promise<SourceText>>>();

/** Gets the source of a file: from the profile, else from the server that shows it. `null` until it is there. */
export function useSource(file: number): SourceText | null {
  const { worker, opened, names } = useSession();
  const [source, setSource] = useState<SourceText | null>(null);
  useEffect(() => {
    if (file < 0) return;
    let wanted = true;
    const known = texts.get(worker) ?? new Map<number, Promise<SourceText>>();
    texts.set(worker, known);
    let text = known.get(file);
    if (text === undefined) {
      text = opened.sources.includes(file)
        ? worker.ask({ kind: 'source', file }).then(({ text: found }) => ofText(file, found))
        : fromServer(file, names.path(file));
      known.set(file, text);
    }
    text.then(
      (next) => wanted && setSource(next),
      () => wanted && setSource({ file, lines: null, note: 'It could not be read.' }),
    );
    return () => {
      wanted = false;
    };
  }, [file, worker]);
  return source?.file === file ? source : null;
}

async function fromServer(file: number, path: string): Promise<SourceText> {
  const absent = (note: string): SourceText => ({ file, lines: null, note });
  if (path === '') return absent('The function has no file.');
  if (path.startsWith('node:')) return absent('It is part of the runtime.');
  if (document.getElementById('profile') !== null) return absent('The profile was saved without it.');
  served ??= servedSources();
  if (!(await served).has(path))
    return absent('The profile was saved without it, and it is not below the folder shown.');
  const response = await fetch(`source?file=${encodeURIComponent(path)}`, { credentials: 'same-origin' });
  if (!response.ok) return absent('The file is gone.');
  return ofText(
    file,
    await response.text(),
    'The profile was saved without this text: it is shown as the file is today.',
  );
}

/** What the server has beyond the profile, asked for once. */
let served: Promise<ReadonlySet<string>> | undefined;

async function servedSources(): Promise<ReadonlySet<string>> {
  const response = await fetch('sources.json', { credentials: 'same-origin' });
  return new Set(response.ok ? ((await response.json()) as string[]) : []);
}

function ofText(file: number, text: string | null, note = ''): SourceText {
  if (text === null) return { file, lines: null, note: 'The profile was saved without it.' };
  return { file, lines: text.split(/\r\n|\r|\n/), note };
}
