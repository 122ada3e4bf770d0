import { typescriptEngine } from '../../src/engine/typescript/engine.ts';
import type { Engine, EngineName } from '../../src/engine/engine.ts';
import { nativeEngine } from '../../src/engine/native/engine.ts';
import { loadNative } from '../../src/engine/native/load-native.ts';

const native = loadNative();
if ('missing' in native) process.stderr.write(`The native engine is not tested: ${native.missing}.\n`);

/** What the tests of a whole server run on: the native engine where there is one, and no silence where not. */
export const engines: readonly EngineName[] = 'module' in native ? ['typescript', 'native'] : ['typescript'];

/** One of {@link engines}. */
export function engineNamed(name: EngineName): Engine {
  return name === 'native' && 'module' in native ? nativeEngine(native.module) : typescriptEngine;
}
