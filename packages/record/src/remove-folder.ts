import { rmSync } from 'node:fs';

/** Removes a folder of ours, whatever still lies in it. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
