type AnyFunction = (this: any, ...args: any[]) => unknown;

/** What the recorder leaves in a program that it measures; without it nothing is there. */
interface Marks {
  function(name: string, fn: AnyFunction): void;
  /** Microseconds of the monotonic clock. */
  region(name: string, start: number, duration: number): void;
}

/** Marks what a report shall single out. */
export interface ProfileMark {
  /** Marks a function: the report of `whetstone run` lists it line by line. Returns the function itself. */
  <F extends AnyFunction>(fn: F): F;
  /** `@profile`: the same for a method. */
  (method: AnyFunction, context: ClassMethodDecoratorContext): void;
  /**
   * Marks a stretch of time, until it is disposed: `using _ = profile.region('load')`.
   *
   * Regions of one name are added up in the report.
   */
  region(name: string): Disposable;
}

const hook = Symbol.for('@whetstone/marks');
const nothing: Disposable = { [Symbol.dispose]() {} };

/**
 * Marks functions and stretches of a program for its report. Under `whetstone run` they select what is shown
 * line by line; without it a marked function is the function itself, so a call costs nothing more.
 */
export const profile: ProfileMark = Object.assign(
  ((fn: AnyFunction, context?: ClassMethodDecoratorContext) => {
    marks()?.function(context ? String(context.name) : fn.name, fn);
    return context ? undefined : fn;
  }) as unknown as ProfileMark,
  {
    region(name: string): Disposable {
      const found = marks();
      if (!found) return nothing;
      const start = now();
      return {
        [Symbol.dispose]() {
          found.region(name, start, now() - start);
        },
      };
    },
  },
);

function marks(): Marks | undefined {
  return (globalThis as { [key: symbol]: Marks | undefined })[hook];
}

function now(): number {
  return Number(process.hrtime.bigint()) / 1000;
}
