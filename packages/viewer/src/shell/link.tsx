import type { ComponentChildren } from 'preact';
import type { Address } from '../address.ts';
import { useSession } from './session.ts';

interface Input {
  /** What changes in the address. */
  readonly to: Partial<Address>;
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly children: ComponentChildren;
}

/** A button in the text that leads to another part of the page. */
export function Link({ to, class: name = '', ...others }: Input) {
  const { store } = useSession();
  return <button type="button" class={`link ${name}`.trim()} {...others} onClick={() => store.show(to)} />;
}
