import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Whether this process runs TypeScript already: Node from 22.18 on, and before where a profiler or a loader that it was
 * started with does. They are not to be got in the way of, and nothing but trying tells.
 */
export async function runsTypeScript(): Promise<boolean> {
  if ((process.features as { readonly typescript?: unknown }).typescript) return true;
  const folder = await mkdtemp(path.join(tmpdir(), 'serve-'));
  const file = path.join(folder, 'typed.mts');
  try {
    await writeFile(file, 'export default 1 as number;\n');
    await import(pathToFileURL(file).href);
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
