/** What `@whetstone/retry/testing` has switched for a test run. */
export interface TestSwitch {
  /** Takes the place of a sleep: resolves in a later turn of the event loop. */
  skip: (() => Promise<void>) | undefined;
  /** Every wrapped function is called once. */
  disabled: boolean;
  /** All that is in force, the latest last. */
  readonly changes: Partial<TestSwitch>[];
}

/** Of every copy of this package at once; `undefined` outside of a test run. */
export function testSwitch(): TestSwitch | undefined {
  return (globalThis as Record<symbol, unknown>)[KEY] as TestSwitch | undefined;
}

/** Where the global object holds it. */
export const KEY = Symbol.for('@whetstone/retry');
