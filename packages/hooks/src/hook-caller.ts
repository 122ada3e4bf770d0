import { HookError } from './hook-error.ts';
import type { Cast, Hook } from './hook.ts';
import type { Implementation } from './implementation.ts';

/** The function that `pm.hook.<name>` is, with its ways of calling. */
export function hookCaller(hook: Hook): unknown {
  return hook.manner.historic ? historicCaller(hook) : castCaller(hook, () => hook.cast, []);
}

function castCaller(hook: Hook, cast: () => Cast, left: readonly string[]): unknown {
  const caller = (args: unknown = {}) => hook.call(cast(), args);
  const ways = {
    entries: (args: unknown = {}) => hook.entries(cast(), args),
    extra(calls: readonly Implementation['call'][], args: unknown = {}) {
      const { wrappers, handlers } = cast();
      return hook.call({ wrappers, handlers: [...extras(hook.manner.hook, calls), ...handlers] }, args);
    },
    without(...plugins: readonly string[]) {
      const all = [...left, ...plugins];
      return castCaller(hook, castWithout(hook, all), all);
    },
  };
  return withSize(Object.assign(caller, ways), cast);
}

function historicCaller(hook: Hook): unknown {
  const caller = () => {
    throw new TypeError(`Hook '${hook.manner.hook}' is historic: call it by callHistoric.`);
  };
  const callHistoric = (args: unknown, onAnswer?: (answer: unknown, plugin: string) => void) =>
    hook.callHistoric({ args, onAnswer });
  return withSize(Object.assign(caller, { callHistoric }), () => hook.cast);
}

function withSize(caller: object, cast: () => Cast): unknown {
  return Object.defineProperty(caller, 'size', {
    get: () => cast().wrappers.length + cast().handlers.length,
  });
}

/** Who is left of the hook's cast; looks again when that has changed. */
function castWithout(hook: Hook, plugins: readonly string[]): () => Cast {
  let of: Cast | undefined;
  let rest: Cast;
  const stays = ({ plugin }: Implementation) => !plugins.includes(plugin);
  return () => {
    if (of !== hook.cast) {
      of = hook.cast;
      rest = { wrappers: of.wrappers.filter(stays), handlers: of.handlers.filter(stays) };
    }
    return rest;
  };
}

function extras(hook: string, calls: readonly Implementation['call'][]): Implementation[] {
  return calls.map((call, i) => {
    if (typeof call !== 'function') {
      throw new HookError(
        'INVALID_PLUGIN',
        `Hook '${hook}': the implementations for one call are functions, and number ${i + 1} is not.`,
        { hook },
      );
    }
    const plugin = call.name || `extra ${i + 1}`;
    return {
      plugin,
      call,
      context: { plugin, hook },
      wraps: false,
      tryFirst: false,
      tryLast: false,
      before: [],
      after: [],
    };
  });
}
