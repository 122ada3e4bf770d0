import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The processor as `uname -m` names it, for the two that packs are made for. */
const PROCESSORS: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Where the driver for this processor stands once `driver/build.sh` built it. */
export function driverPath(): string {
  const processor = PROCESSORS[process.arch] ?? process.arch;
  return fileURLToPath(new URL(`../../driver/build/whetstone-pack-${processor}`, import.meta.url));
}

/** The driver that a pack carries; null where none was built for this processor. */
export async function driverFile(): Promise<Uint8Array | null> {
  try {
    return await readFile(driverPath());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
