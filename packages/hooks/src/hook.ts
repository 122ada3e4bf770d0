import type { Implementation } from './implementation.ts';
import { callOrder } from './order.ts';
import { isThenable, runAsync, runSync, type Manner } from './run-hook.ts';
import { wrapAsync, wrapSync } from './run-wrapped.ts';

/** Told of every call; `after` gets what came of it. */
export interface Monitor {
  before(hook: string, args: unknown): void;
  after(hook: string, args: unknown, outcome: CallOutcome): void;
}

export type CallOutcome = { value: unknown } | { error: unknown };

/** Who takes part in a call, in the order of calls. */
export interface Cast {
  readonly wrappers: readonly Implementation[];
  readonly handlers: readonly Implementation[];
}

/** A call of a historic hook, kept for plugins that come later. */
export interface HistoricCall {
  readonly args: unknown;
  readonly onAnswer: ((answer: unknown, plugin: string) => void) | undefined;
}

/**
 * One hook: who implements it, and how it is called.
 *
 * The cast is replaced, never changed: a call under way keeps the one it began with.
 */
export class Hook {
  readonly manner: Manner;
  readonly #monitors: ReadonlySet<Monitor>;
  #registered: readonly Implementation[];
  #cast: Cast;
  readonly #history: HistoricCall[] = [];

  /** @throws HookError `ORDER_CYCLE` */
  constructor(manner: Manner, registered: readonly Implementation[], monitors: ReadonlySet<Monitor>) {
    this.manner = manner;
    this.#monitors = monitors;
    this.#registered = registered;
    this.#cast = inOrder(registered, manner.hook);
  }

  get cast(): Cast {
    return this.#cast;
  }

  /** The calls of a historic hook so far. */
  history(): readonly HistoricCall[] {
    return [...this.#history];
  }

  /** @throws HookError `ORDER_CYCLE`, and then nothing has changed */
  add(implementation: Implementation): void {
    const registered = [...this.#registered, implementation];
    this.#cast = inOrder(registered, this.manner.hook);
    this.#registered = registered;
  }

  remove(plugin: string): void {
    const registered = this.#registered.filter((one) => one.plugin !== plugin);
    if (registered.length === this.#registered.length) return;
    this.#cast = inOrder(registered, this.manner.hook);
    this.#registered = registered;
  }

  call(cast: Cast, args: unknown): unknown {
    return this.#monitors.size === 0 ? this.#run(cast, args) : this.#monitored(cast, args);
  }

  /** The answers with who gave them. */
  entries({ wrappers, handlers }: Cast, args: unknown): unknown {
    const answers: ({ plugin: string; value: unknown } | undefined)[] = handlers.map(() => undefined);
    const noting = handlers.map((one, i) =>
      this.#telling(one, (value) => {
        answers[i] = { plugin: one.plugin, value };
      }),
    );
    const outcome = this.call({ wrappers, handlers: noting }, args);
    // In parallel they answer in any order, and are told in the order of calls.
    const given = () => answers.filter((answer) => answer !== undefined);
    return isThenable(outcome) ? outcome.then(given) : given();
  }

  /** Calls all implementations there are, and remembers the call. */
  callHistoric(call: HistoricCall): unknown {
    this.#history.push(call);
    return this.#callRemembered(this.#cast.handlers, call);
  }

  /** Makes up for calls that an implementation has missed. Nobody can wait for an asynchronous one: registering is synchronous. */
  replay(implementation: Implementation, calls: readonly HistoricCall[]): void {
    for (const call of calls) void this.#callRemembered([implementation], call);
  }

  #callRemembered(handlers: readonly Implementation[], { args, onAnswer }: HistoricCall): unknown {
    const telling = onAnswer
      ? handlers.map((one) => this.#telling(one, (answer) => onAnswer(answer, one.plugin)))
      : handlers;
    const outcome = this.call({ wrappers: [], handlers: telling }, args);
    return isThenable(outcome) ? outcome.then(() => {}) : undefined;
  }

  /** The same implementation, whose answer is told as it comes. */
  #telling(implementation: Implementation, tell: (answer: unknown) => void): Implementation {
    const told = (value: unknown) => {
      if (value !== undefined && value !== null) tell(value);
      return value;
    };
    return {
      ...implementation,
      call: (args, context) => {
        const answer = implementation.call(args, context);
        if (!isThenable(answer)) return told(answer);
        // A promise where none may be is refused by who called.
        return this.manner.async ? answer.then(told) : answer;
      },
    };
  }

  #run({ wrappers, handlers }: Cast, args: unknown): unknown {
    const { manner } = this;
    if (wrappers.length === 0)
      return manner.async ? runAsync(manner, handlers, args) : runSync(manner, handlers, args);
    return manner.async
      ? wrapAsync(wrappers, args, () => runAsync(manner, handlers, args))
      : wrapSync(wrappers, args, () => runSync(manner, handlers, args));
  }

  #monitored(cast: Cast, args: unknown): unknown {
    const { hook } = this.manner;
    // A monitor that is added during the call has not seen its beginning, and does not see its end.
    const monitors = [...this.#monitors];
    for (const monitor of monitors) monitor.before(hook, args);
    const end = (outcome: CallOutcome) => {
      for (const monitor of monitors.toReversed()) {
        if (this.#monitors.has(monitor)) monitor.after(hook, args, outcome);
      }
    };
    let value: unknown;
    try {
      value = this.#run(cast, args);
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

function inOrder(registered: readonly Implementation[], hook: string): Cast {
  return {
    wrappers: callOrder(
      registered.filter(({ wraps }) => wraps),
      hook,
    ),
    handlers: callOrder(
      registered.filter(({ wraps }) => !wraps),
      hook,
    ),
  };
}
