import { ServeError } from '../../errors.ts';

/**
 * Builds the native engine from the sources in this package, with the C++ compiler of this machine and nothing else.
 *
 * Returns the file. Servers started from then on find it.
 *
 * @throws {@link ServeError} `ENGINE_MISSING` that says what is missing
 */
export async function buildNativeEngine(): Promise<string> {
  // From here and from the built copy of this file alike.
  const script = new URL('../../../native/build.mjs', import.meta.url);
  const { build } = (await import(script.href)) as {
    build(): { readonly file: string } | { readonly error: string };
  };
  const built = build();
  if ('file' in built) return built.file;
  throw new ServeError('ENGINE_MISSING', `the native engine cannot be built: ${built.error}`);
}
