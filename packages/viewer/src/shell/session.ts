import { createContext } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { Address } from '../address.ts';
import type { Palette } from '../draw/palette.ts';
import type { Found } from '../model/search.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store.ts';
import type { WorkerClient } from '../worker/client.ts';
import type { Opened, View } from '../worker/messages.ts';

/** What every part of the page may read. */
export interface Session {
  readonly store: Store;
  readonly address: Address;
  readonly worker: WorkerClient;
  readonly opened: Opened;
  readonly names: Names;
  readonly palette: Palette;
  /** What is looked at; during a change of scope still the one before. */
  readonly view: View;
  readonly found: Found | null;
  /** Box of the selected call path, or the largest of the selected function, or -1. */
  readonly selectedBox: number;
  readonly boxOfNode: (node: number) => number;
}

export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  return useContext(SessionContext)!;
}

/** The store's address; renders again whenever it changes. */
export function useAddress(store: Store): Address {
  const [address, setAddress] = useState(store.address);
  useEffect(() => store.subscribe(() => setAddress(store.address)), [store]);
  return address;
}

/** Selects what a box stands for. */
export function selectBox({ store, view }: Session, box: number): void {
  store.show({ function: view.tree.function[box]!, node: view.tree.node[box]! });
}

/** Selects a function; none of its call paths more than the others. */
export function selectFunction({ store }: Session, fn: number): void {
  store.show({ function: fn, node: -1 });
}

/** Time of the view that was not waiting: what shares of computing are shares of. */
export function computingTime({ view }: Pick<Session, 'view'>): number {
  return view.busy[0] ?? 0;
}

/** Whether exact counts are there and fit what is shown: they are of the whole run. */
export function hasCounts({ opened, address }: Pick<Session, 'opened' | 'address'>): boolean {
  return opened.about.modes.counts && address.range === null;
}

/** Whether time can be divided by counts: they are of all threads together. */
export function hasTimePerCall(session: Pick<Session, 'opened' | 'address'>): boolean {
  return hasCounts(session) && (session.address.thread < 0 || session.opened.threads.length === 1);
}
