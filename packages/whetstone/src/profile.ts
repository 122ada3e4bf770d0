import { inspect } from 'node:util';

type AnyFunction = (this: any, ...args: any[]) => unknown;

/** What the recorder leaves in a program that it measures; without it nothing is there. */
interface Marks {
  function(name: string, fn: AnyFunction): void;
  /** Begins a region; what it returns ends it, and does nothing a second time. */
  region(name: string): () => void;
}

/** Marks what a report shall single out. */
export interface ProfileMark {
  /** Marks a function: the report of `whetstone run` lists it line by line. Returns the function itself. */
  <F extends AnyFunction>(fn: F): F;
  /** `@profile`: the same for a method or a getter. */
  (method: AnyFunction, context: ClassMethodDecoratorContext | ClassGetterDecoratorContext): void;
  /** `@profile` under `experimentalDecorators`. */
  (owner: object, name: string | symbol, method: PropertyDescriptor): void;
  /**
   * Marks a stretch of time, until it is disposed: `using _ = profile.region('load')`.
   *
   * Regions of one name are added up in the report. The first end counts; one that is never disposed lasts until
   * the program ends, or its measuring.
   */
  region(name: string): Disposable;
}

const hook = Symbol.for('@whetstone/marks');
const nothing: Disposable = { [Symbol.dispose]() {} };

/**
 * Marks functions and stretches of a program for its report. Under `whetstone run` they select what is shown
 * line by line; without it a marked function is the function itself, so a call costs nothing more.
 *
 * @throws TypeError, which names the value, for what is no function
 */
export const profile: ProfileMark = Object.assign(
  ((subject: unknown, context?: { name: string | symbol } | string | symbol, method?: PropertyDescriptor) => {
    const fn = method === undefined ? subject : (method.value ?? method.get);
    if (typeof fn !== 'function')
      throw new TypeError(
        `profile marks functions, and was given ${inspect(fn, { depth: 0, maxArrayLength: 3, breakLength: Infinity })}: profile(fn).`,
      );
    const name = typeof context === 'object' ? context.name : (context ?? fn.name);
    marks()?.function(String(name), fn as AnyFunction);
    return context === undefined ? subject : undefined;
  }) as unknown as ProfileMark,
  {
    region(name: string): Disposable {
      const end = marks()?.region(name);
      return end ? { [Symbol.dispose]: end } : nothing;
    },
  },
);

function marks(): Marks | undefined {
  return (globalThis as { [key: symbol]: Marks | undefined })[hook];
}
