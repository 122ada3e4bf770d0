import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { boundary, type NativeModule } from './core.ts';

/** The native library, or why there is none: the end of a sentence. */
export type LoadedNative = { readonly module: NativeModule } | { readonly missing: string };

let loaded: LoadedNative | null = null;

/** Loads the native library, once. */
export function loadNative(): LoadedNative {
  loaded ??= load();
  return loaded;
}

/** From here and from the built copy of this file alike. */
const file = fileURLToPath(
  new URL(`../../../dist/native/${process.platform}-${process.arch}.node`, import.meta.url),
);

function load(): LoadedNative {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return { missing: `there is none for ${process.platform} on ${process.arch}` };
  if (!existsSync(file)) return { missing: 'it is not built here, and whetstone serve --build builds it' };
  try {
    const module = createRequire(import.meta.url)(file) as NativeModule;
    if (module.boundary !== boundary)
      return { missing: 'it was built from another version, and whetstone serve --build builds it again' };
    return { module };
  } catch (error) {
    return { missing: `it cannot be loaded: ${(error as Error).message}` };
  }
}
