import type { Engine } from '../engine.ts';
import type { NativeModule } from './core.ts';
import { NativeListener } from './native-listener.ts';

/** The engine in C++, by its library: `native/boundary.md` says how the two work together. */
export function nativeEngine(module: NativeModule): Engine {
  return {
    name: 'native',
    async listen(options) {
      const listener = new NativeListener(module, options);
      await listener.start();
      return listener;
    },
  };
}
