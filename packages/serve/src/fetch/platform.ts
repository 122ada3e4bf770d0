/** The platform's own classes, also where ours stand in their place. */
export interface Platform {
  readonly Request: typeof globalThis.Request;
  readonly Response: typeof globalThis.Response;
  readonly Headers: typeof globalThis.Headers;
  readonly fetch: typeof globalThis.fetch;
}

const replaced = new Map<keyof Platform, PropertyDescriptor>();

/** Loads the platform's class when it is first needed: that takes some 20 ms on Node 20. */
export function platform<K extends keyof Platform>(name: K): Platform[K] {
  const descriptor = replaced.get(name);
  if (!descriptor) return globalThis[name] as Platform[K];
  return (descriptor.get ? descriptor.get.call(globalThis) : descriptor.value) as Platform[K];
}

/** Puts our classes in the platform's place. */
export function replaceGlobals(ours: { readonly [K in keyof Platform]: unknown }): void {
  for (const name of Object.keys(ours) as (keyof Platform)[]) {
    if (replaced.has(name)) continue;
    replaced.set(name, Object.getOwnPropertyDescriptor(globalThis, name)!);
    Object.defineProperty(globalThis, name, {
      value: ours[name],
      configurable: true,
      writable: true,
      enumerable: false,
    });
  }
}
