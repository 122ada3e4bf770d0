import { ServeError } from '../errors.ts';
import type { ServeOptions } from '../options.ts';
import type { Engine } from './engine.ts';
import type { NativeModule } from './native/core.ts';
import { nativeEngine } from './native/engine.ts';
import { loadNative } from './native/load-native.ts';
import { typescriptEngine } from './typescript/engine.ts';

/** An engine, and why it is this one, in a few words. */
export interface ChosenEngine {
  readonly engine: Engine;
  readonly reason: string;
  /** The library of the native engine, where it is that one. */
  readonly native: NativeModule | null;
}

/**
 * The engine that the options ask for; the native one where it can be had and nothing else is said.
 *
 * @throws {@link ServeError} `OPTION_WRONG`, and `ENGINE_MISSING` where the native one is asked for and cannot be had
 */
export function chooseEngine({ engine = 'auto', tls }: Pick<ServeOptions, 'engine' | 'tls'>): ChosenEngine {
  if (engine === 'typescript') return { engine: typescriptEngine, reason: 'asked for', native: null };
  if (tls !== undefined) {
    if (engine === 'native')
      throw new ServeError(
        'OPTION_WRONG',
        "engine is 'native', and with tls the TypeScript engine serves: leave one of them out.",
      );
    return { engine: typescriptEngine, reason: 'it speaks TLS', native: null };
  }
  const native = loadNative();
  if ('module' in native)
    return {
      engine: nativeEngine(native.module),
      reason: engine === 'native' ? 'asked for' : 'it is built here',
      native: native.module,
    };
  if (engine === 'native')
    throw new ServeError(
      'ENGINE_MISSING',
      `engine is 'native', and the native engine cannot be had: ${native.missing}.`,
    );
  return { engine: typescriptEngine, reason: `no native one: ${native.missing}`, native: null };
}
