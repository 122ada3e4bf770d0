/** What a hook is called with is one object: plugins take from it what they need. */
type Hook = (args: any) => unknown;

/** Every member of the interface must be a hook. */
export type HookMap<H> = { [K in keyof H]: H[K] extends Hook ? H[K] : never };

type Args<F> = F extends (args: infer A) => unknown ? A : never;
type Result<F> = F extends (args: any) => infer R ? R : never;
type Nothing = void | undefined | null;
/** What counts as an answer: `undefined` and `null` do not. */
type Answer<F> = Exclude<Result<F>, Nothing>;
type Is<O, K extends string> = O extends { [P in K]: true } ? true : false;

/** How a hook is called. Options that contradict each other do not compile. */
type HookOptions<F> = {
  /** Implementations may be asynchronous; the call returns a promise. */
  async?: boolean;
  /** Warns once, with the plugin's name and this text. */
  deprecated?: string;
  /** Warns once when a plugin reads the argument. */
  deprecatedArgs?: { [P in keyof Args<F>]?: string };
} & (
  | {
      /** Stops at the first answer. */ firstResult: true;
      historic?: never;
      reduce?: never;
      parallel?: never;
      settle?: never;
    }
  | {
      /** Calls are remembered and replayed to plugins that come later. */ historic: true;
      firstResult?: never;
      reduce?: never;
      parallel?: never;
      settle?: boolean;
    }
  | {
      /** Each answer replaces this argument, of the same type, for the next implementation. */ reduce: Reducible<F>;
      firstResult?: never;
      historic?: never;
      parallel?: never;
      settle?: never;
    }
  | {
      firstResult?: false;
      historic?: false;
      reduce?: undefined;
      parallel?: false;
      /** All run, whatever throws; then an `AggregateError`. */
      settle?: boolean;
    }
  | {
      firstResult?: false;
      historic?: false;
      reduce?: undefined;
      async: true;
      /** Implementations run at once; answers keep their order. */ parallel: true;
      settle?: boolean;
    }
);
/** The arguments that an answer can replace. */
type Reducible<F> = {
  [P in keyof Args<F> & string]: Answer<F> extends Args<F>[P] ? P : never;
}[keyof Args<F> & string];
export type SpecOptions<H> = { [K in keyof H]: HookOptions<H[K]> };

/** Of the hook as a whole, as its caller and its wrappers see it. */
type Outcome<F, O> = O extends { reduce: infer P }
  ? P extends keyof Args<F>
    ? Args<F>[P]
    : never
  : Is<O, 'firstResult'> extends true
    ? Answer<F> | undefined
    : Answer<F>[];
type MaybePromise<T, O> = Is<O, 'async'> extends true ? T | PromiseLike<T> : T;
type Called<T, O> = Is<O, 'async'> extends true ? Promise<T> : T;

export interface HookContext {
  readonly plugin: string;
  readonly hook: string;
}

export type Implementation<F, O> = (
  args: Readonly<Args<F>>,
  context: HookContext,
) => MaybePromise<Result<F> | Nothing, O>;

/**
 * Goes round all implementations: sees the arguments, yields once, gets the outcome (or its error,
 * thrown at the `yield`), and returns what the caller shall get.
 */
export type Wrapper<F, O> = (
  args: Readonly<Args<F>>,
  context: HookContext,
) =>
  | Generator<void, Outcome<F, O>, Outcome<F, O>>
  | (Is<O, 'async'> extends true ? AsyncGenerator<void, Outcome<F, O>, Outcome<F, O>> : never);

export type Order = {
  /** Before, or after, these plugins where they are registered. */
  before?: readonly string[];
  after?: readonly string[];
} & (
  | { /** Before all that say nothing. */ tryFirst?: boolean; tryLast?: never }
  | { tryFirst?: never; /** After all that say nothing. */ tryLast?: boolean }
);
type Member<F, O> =
  | Implementation<F, O>
  | (Order & { optional?: boolean; handler: Implementation<F, O>; wrapper?: never })
  | (Is<O, 'historic'> extends true ? never : Order & { wrapper: Wrapper<F, O>; handler?: never });
/** An implementation of a hook that perhaps nobody specifies. */
export type Optional = Order & { optional: true; handler: (args: any, context: HookContext) => unknown };

export interface Specs<H, O> {
  readonly hooks: H;
  readonly options: O;
}
export type OptionsOf<O, K> = K extends keyof O ? O[K] : {};
export type Plugin<S> =
  S extends Specs<infer H, infer O>
    ? { name: string } & { [K in keyof H]?: Member<H[K], OptionsOf<O, K>> }
    : never;

/** A hook without arguments is called without any. */
type Given<A> = keyof A extends never ? [args?: A] : [args: A];

export type HookCaller<F, O> =
  Is<O, 'historic'> extends true
    ? {
        callHistoric(args: Args<F>, onAnswer?: (answer: Answer<F>, plugin: string) => void): Called<void, O>;
        readonly size: number;
      }
    : {
        (...args: Given<Args<F>>): Called<Outcome<F, O>, O>;
        /** The answers with who gave them. Wrappers go round as ever; what they return is nobody's answer. */
        entries(...args: Given<Args<F>>): Called<{ plugin: string; value: Answer<F> }[], O>;
        /** With these implementations in addition, for this call alone; they run first. */
        extra(
          implementations: readonly Implementation<F, O>[],
          ...args: Given<Args<F>>
        ): Called<Outcome<F, O>, O>;
        /** The hook without these plugins; follows later registrations. */
        without(...plugins: string[]): HookCaller<F, O>;
        /** How many implementations there are, wrappers included. */
        readonly size: number;
      };
