import { formatAddress, readAddress, type Address } from './address.ts';

/** Holds what is shown, in step with the page's address. */
export class Store {
  #address: Address;
  readonly #listeners = new Set<() => void>();

  constructor() {
    this.#address = readAddress(location.hash);
    addEventListener('popstate', () => this.#read());
    addEventListener('hashchange', () => this.#read());
  }

  get address(): Address {
    return this.#address;
  }

  /**
   * Shows something else. `step` makes it a step that the back button undoes; what changes with every
   * letter or movement is none.
   */
  show(change: Partial<Address>, how: 'step' | 'along' = 'step'): void {
    const next = { ...this.#address, ...change };
    const hash = `#${formatAddress(next)}`;
    if (hash === `#${formatAddress(this.#address)}`) return;
    this.#address = next;
    if (how === 'step') history.pushState(null, '', hash);
    else history.replaceState(null, '', hash);
    this.#tell();
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #read(): void {
    this.#address = readAddress(location.hash);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
