import { useEffect, useMemo, useState } from 'preact/hooks';
import { palettes } from '../draw/palette.ts';
import { depthOf, type CallTree } from '../model/call-tree.ts';
import type { Scope } from '../model/scope.ts';
import { findBoxes, matcher } from '../model/search.ts';
import { Names } from '../names.ts';
import type { Store } from '../store.ts';
import type { Progress, WorkerClient } from '../worker/client.ts';
import type { Colours, Opened, View } from '../worker/messages.ts';
import { Header } from './header.tsx';
import { KeysDialog } from './keys-dialog.tsx';
import { useKeys } from './keys.ts';
import { Loading, Trouble } from './loading.tsx';
import { Overview } from './overview/overview.tsx';
import { Panel } from './panel.tsx';
import { CallPicture } from './call-picture.tsx';
import { SessionContext, useAddress, type Session } from './session.ts';
import { SourceView } from './source-view.tsx';
import { TableView } from './table-view.tsx';
import { Tabs } from './tabs.tsx';
import { TimeStrip } from './time-strip.tsx';
import { useTheme } from './theme.ts';
import { usePrinting } from './use-printing.ts';

interface Input {
  readonly store: Store;
  readonly worker: WorkerClient;
  readonly opening: Promise<Opened>;
  readonly onProgress: (listener: (progress: Progress) => void) => void;
}

/** Rows of the tables on paper. */
const printedRows = 60;

/** The whole page. */
export function App({ store, worker, opening, onProgress }: Input) {
  const [ready, setReady] = useState<Opened | null>(null);
  const [progress, setProgress] = useState<Progress | null>(null);
  const [trouble, setTrouble] = useState<Error | null>(null);
  useEffect(() => {
    onProgress(setProgress);
    opening.then(setReady, setTrouble);
  }, []);
  if (trouble !== null) return <Trouble error={trouble} />;
  if (ready === null) return <Loading progress={progress} />;
  return <Ready store={store} worker={worker} onTrouble={setTrouble} opened={ready} />;
}

interface ReadyInput {
  readonly store: Store;
  readonly worker: WorkerClient;
  readonly opened: Opened;
  readonly onTrouble: (error: Error) => void;
}

function Ready({ store, worker, opened, onTrouble }: ReadyInput) {
  const address = useAddress(store);
  const [theme, toggleTheme] = useTheme();
  const printing = usePrinting();
  const [keysShown, showKeys] = useState(false);
  const [view, pending] = useView(
    worker,
    scopeOf(address, opened),
    opened.states ? address.colours : 'code',
    onTrouble,
  );
  const names = useMemo(() => new Names(opened), [opened]);
  const functions = useMemo(() => fitting(opened, address.query), [opened, address.query]);
  const found = useMemo(
    () => (view === null || functions === null ? null : findBoxes(view.tree, functions)),
    [view, functions],
  );
  const boxes = useMemo(() => (view === null ? null : boxesOf(view.tree, opened)), [view]);
  const boxOfNode = (node: number) => (node >= 0 && node < opened.nodes ? (boxes?.byNode[node] ?? -1) : -1);
  const selectedBox =
    address.node >= 0 ? boxOfNode(address.node) : (boxes?.byFunction[address.function] ?? -1);
  const session: Session | null =
    view === null
      ? null
      : {
          store,
          address,
          worker,
          opened,
          names,
          palette: palettes[theme],
          view,
          found,
          selectedBox,
          boxOfNode,
        };
  useKeys(session, () => showKeys((shown) => !shown), toggleTheme);
  useEffect(() => {
    document.title = `${names.program()} · Whetstone`;
  }, [names]);
  if (session === null)
    return <Loading progress={{ stage: 'Laying out the picture', done: 0, whole: null }} />;
  return (
    <SessionContext.Provider value={session}>
      <Header theme={theme} onTheme={toggleTheme} onKeys={() => showKeys(true)} />
      <Tabs pending={pending} />
      <TimeStrip />
      <main class="work" aria-busy={pending}>
        <section class="stage" aria-label={address.view}>
          {(address.view === 'overview' || printing) && (
            <Overview {...(printing && { rows: printedRows, open: true })} />
          )}
          {!printing && (address.view === 'icicle' || address.view === 'sunburst') && (
            <CallPicture kind={address.view} />
          )}
          {!printing && address.view === 'table' && <TableView />}
          {!printing && address.view === 'source' && <SourceView />}
        </section>
        <Panel />
      </main>
      <KeysDialog open={keysShown} onClose={() => showKeys(false)} />
    </SessionContext.Provider>
  );
}

/** The latest view of a scope, and whether another is being made. Until that is there, the one before stays. */
function useView(
  worker: WorkerClient,
  scope: Scope,
  colours: Colours,
  onTrouble: (error: Error) => void,
): [view: View | null, pending: boolean] {
  const [view, setView] = useState<View | null>(null);
  const key = JSON.stringify([scope, colours]);
  useEffect(() => {
    let wanted = true;
    worker.ask({ kind: 'view', scope, colours }).then((next) => {
      if (wanted) setView(next);
    }, onTrouble);
    return () => {
      wanted = false;
    };
  }, [key]);
  return [view, view !== null && JSON.stringify([view.scope, view.colours]) !== key];
}

/** The address's scope, with a thread that exists. */
function scopeOf({ thread, range, waiting }: Scope, { threads }: Opened): Scope {
  return { thread: thread >= -1 && thread < threads.length ? thread : 0, range, waiting };
}

/** 1 for each function that the search finds, `null` without a search. */
function fitting({ functions, strings }: Opened, query: string): Uint8Array | null {
  const fits = matcher(query);
  if (fits === null) return null;
  return Uint8Array.from(functions.name, (name, fn) =>
    fits({ name: strings[name]!, file: strings[functions.file[fn]!]! }) ? 1 : 0,
  );
}

/** Where nodes and functions are in a tree: the box of each node, the largest box of each function. */
function boxesOf(tree: CallTree, { nodes, functions }: Opened) {
  const byNode = new Int32Array(nodes).fill(-1);
  const byFunction = new Int32Array(functions.name.length).fill(-1);
  const width = new Float64Array(functions.name.length);
  for (let box = tree.rows[1] ?? 0; box < tree.rows[depthOf(tree)]!; box++) {
    byNode[tree.node[box]!] = box;
    const fn = tree.function[box]!;
    if (tree.width[box]! > width[fn]!) {
      width[fn] = tree.width[box]!;
      byFunction[fn] = box;
    }
  }
  return { byNode, byFunction };
}
