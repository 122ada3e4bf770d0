import { HookError } from './hook-error.ts';
import type { Implementation } from './implementation.ts';
import { callOrder } from './order.ts';
import { isThenable, runAsync, runSync, type Manner } from './run-hook.ts';
import { wrapAsync, wrapSync } from './run-wrapped.ts';

/** Told of every call; `after` gets what came of it. */
export interface Monitor {
  before(hook: string, args: unknown): void;
  after(hook: string, args: unknown, outcome: { value: unknown } | { error: unknown }): void;
}

/** A call of a historic hook, kept for plugins that come later. */
interface Remembered {
  readonly args: unknown;
  readonly onAnswer: ((answer: unknown, plugin: string) => void) | undefined;
}

/**
 * One hook: who implements it, and how it is called.
 *
 * The lists are replaced, never changed, so a call that is under way keeps the ones it began with.
 */
export class Hook {
  readonly manner: Manner;
  readonly historic: boolean;
  readonly #monitors: ReadonlySet<Monitor>;
  readonly #history: Remembered[] = [];
  #registered: readonly Implementation[] = [];
  #wrappers: readonly Implementation[] = [];
  #handlers: readonly Implementation[] = [];
  #version = 0;

  constructor(manner: Manner, historic: boolean, monitors: ReadonlySet<Monitor>) {
    this.manner = manner;
    this.historic = historic;
    this.#monitors = monitors;
  }

  /** Grows with every change of the implementations. */
  get version(): number {
    return this.#version;
  }

  /** In the order of calls. */
  get wrappers(): readonly Implementation[] {
    return this.#wrappers;
  }

  get handlers(): readonly Implementation[] {
    return this.#handlers;
  }

  /** @throws {@link HookError} `ORDER_CYCLE`, and then nothing has changed */
  replace(change: (registered: readonly Implementation[]) => readonly Implementation[]): void {
    const registered = change(this.#registered);
    const { hook } = this.manner;
    const wrappers = callOrder(registered.filter(({ wraps }) => wraps), hook);
    const handlers = callOrder(registered.filter(({ wraps }) => !wraps), hook);
    this.#registered = registered;
    this.#wrappers = wrappers;
    this.#handlers = handlers;
    this.#version++;
  }

  call(wrappers: readonly Implementation[], handlers: readonly Implementation[], args: unknown): unknown {
    if (this.#monitors.size > 0) return this.#monitored(args, () => this.#run(wrappers, handlers, args));
    return this.#run(wrappers, handlers, args);
  }

  #run(wrappers: readonly Implementation[], handlers: readonly Implementation[], args: unknown): unknown {
    const { manner } = this;
    if (manner.async) {
      return wrappers.length === 0
        ? runAsync(manner, handlers, args)
        : wrapAsync(wrappers, args, async () => await runAsync(manner, handlers, args));
    }
    return wrappers.length === 0
      ? runSync(manner, handlers, args)
      : wrapSync(wrappers, args, () => runSync(manner, handlers, args));
  }

  /** The answers with who gave them; of the implementations alone, because what a wrapper returns is nobody's answer. */
  entries(handlers: readonly Implementation[], args: unknown): unknown {
    const answers = new Map<number, { plugin: string; value: unknown }>();
    const noted = handlers.map((one, i) => this.#telling(one, (value) => void answers.set(i, { plugin: one.plugin, value })));
    // In parallel they answer in any order, and are told in the order of calls.
    const inOrder = () => [...answers].toSorted(([a], [b]) => a - b).map(([, entry]) => entry);
    const outcome = this.call([], noted, args);
    return isThenable(outcome) ? outcome.then(inOrder) : inOrder();
  }

  /** Calls all implementations there are, and remembers the call. */
  callHistoric(args: unknown, onAnswer: Remembered['onAnswer']): unknown {
    const remembered = { args, onAnswer };
    this.#history.push(remembered);
    return this.#callRemembered(this.#handlers, remembered);
  }

  /** Makes up for the calls that an implementation has missed. Where it fails late, nobody can catch that: registering is synchronous. */
  replay(implementation: Implementation): void {
    for (const remembered of [...this.#history]) void this.#callRemembered([implementation], remembered);
  }

  #callRemembered(handlers: readonly Implementation[], { args, onAnswer }: Remembered): unknown {
    const telling = onAnswer ? handlers.map((one) => this.#telling(one, (value) => onAnswer(value, one.plugin))) : handlers;
    const outcome = this.call([], telling, args);
    return isThenable(outcome) ? outcome.then(() => {}) : undefined;
  }

  /** The same implementation, whose answer is told as it comes. */
  #telling(implementation: Implementation, tell: (answer: unknown) => void): Implementation {
    const { async } = this.manner;
    const told = (value: unknown) => {
      if (value !== undefined && value !== null) tell(value);
      return value;
    };
    return {
      ...implementation,
      call(args, context) {
        const answer = implementation.call(args, context);
        // A promise where none may be is refused by the caller.
        if (isThenable(answer)) return async ? answer.then(told) : answer;
        return told(answer);
      },
    };
  }

  #monitored(args: unknown, run: () => unknown): unknown {
    const { hook } = this.manner;
    // A monitor that is added during the call has not seen its beginning, and does not see its end.
    const monitors = [...this.#monitors];
    for (const monitor of monitors) monitor.before(hook, args);
    const end = (outcome: { value: unknown } | { error: unknown }) => {
      for (const monitor of monitors.toReversed()) monitor.after(hook, args, outcome);
    };
    let value: unknown;
    try {
      value = run();
    } catch (error) {
      end({ error });
      throw error;
    }
    if (!isThenable(value)) {
      end({ value });
      return value;
    }
    return value.then(
      (value) => {
        end({ value });
        return value;
      },
      (error: unknown) => {
        end({ error });
        throw error;
      },
    );
  }
}

/** The function that `pm.hook.<name>` is, with its ways of calling. */
export function hookCaller(hook: Hook): unknown {
  const size = { get: () => hook.wrappers.length + hook.handlers.length };
  if (hook.historic) {
    const refuse = () => {
      throw new TypeError(`Hook '${hook.manner.hook}' is historic: call it by callHistoric.`);
    };
    return Object.defineProperty(
      Object.assign(refuse, {
        callHistoric: (args: unknown, onAnswer?: Remembered['onAnswer']) => hook.callHistoric(args, onAnswer),
      }),
      'size',
      size,
    );
  }
  const caller = (args: unknown = {}) => hook.call(hook.wrappers, hook.handlers, args);
  return Object.defineProperty(
    Object.assign(caller, {
      entries: (args: unknown = {}) => hook.entries(hook.handlers, args),
      extra: (implementations: readonly Implementation['call'][], args: unknown = {}) =>
        hook.call(hook.wrappers, [...extras(hook, implementations), ...hook.handlers], args),
      without: (...plugins: string[]) => subsetCaller(hook, plugins),
    }),
    'size',
    size,
  );
}

/** The hook without some plugins; sees what is registered and unregistered later. */
function subsetCaller(hook: Hook, plugins: readonly string[]): unknown {
  let version = -1;
  let wrappers: readonly Implementation[] = [];
  let handlers: readonly Implementation[] = [];
  const look = () => {
    if (version === hook.version) return;
    version = hook.version;
    const stays = ({ plugin }: Implementation) => !plugins.includes(plugin);
    wrappers = hook.wrappers.filter(stays);
    handlers = hook.handlers.filter(stays);
  };
  const caller = (args: unknown = {}) => {
    look();
    return hook.call(wrappers, handlers, args);
  };
  return Object.defineProperty(
    Object.assign(caller, {
      entries(args: unknown = {}) {
        look();
        return hook.entries(handlers, args);
      },
      extra(implementations: readonly Implementation['call'][], args: unknown = {}) {
        look();
        return hook.call(wrappers, [...extras(hook, implementations), ...handlers], args);
      },
      without: (...more: string[]) => subsetCaller(hook, [...plugins, ...more]),
    }),
    'size',
    {
      get: () => {
        look();
        return wrappers.length + handlers.length;
      },
    },
  );
}

function extras({ manner }: Hook, calls: readonly Implementation['call'][]): Implementation[] {
  return calls.map((call, i) => {
    if (typeof call !== 'function') {
      throw new HookError('INVALID_PLUGIN', `Hook '${manner.hook}': the implementations for one call are functions, and number ${i + 1} is not.`, {
        hook: manner.hook,
      });
    }
    const plugin = call.name || `extra ${i + 1}`;
    return {
      plugin,
      call,
      context: { plugin, hook: manner.hook },
      wraps: false,
      optional: false,
      tryFirst: false,
      tryLast: false,
      before: [],
      after: [],
    };
  });
}
