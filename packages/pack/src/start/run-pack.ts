import type { PackHeader } from '../file/header.ts';
import { placeOptions } from './image-place.ts';
import { privateFolders } from './private-folders.ts';
import { type Exit, runDriver } from './run-driver.ts';

/**
 * Runs a pack without executing its header or the driver that it carries. The header was read and
 * checked by the caller; the driver checks seal, tree and each block against its root once more.
 *
 * @throws {@link PackError} `PACK_DRIVER_MISSING`
 */
export async function runPack(file: string, header: PackHeader, args: readonly string[]): Promise<Exit> {
  const { run, cache } = privateFolders(process.env, process.geteuid?.() ?? 0);
  const idle = process.env.WHETSTONE_PACK_IDLE;
  const options = ['--run', run, '--cache', cache, ...(idle ? ['--idle', idle] : [])];
  return await runDriver(['start', ...placeOptions(header), ...options, file, ...args]);
}
