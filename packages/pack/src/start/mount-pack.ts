import { type ImagePlace, placeOptions } from './image-place.ts';
import { privateFolders } from './private-folders.ts';
import { callDriver } from './run-driver.ts';

/**
 * Mounts the files of a pack or a XAR at a folder, read-only, until {@link unmountPack}. Each block of
 * a pack is verified before it is used. Root needs /dev/fuse or a loop device, others fusermount3.
 *
 * @throws {@link PackError} `PACK_MOUNT_FAILED`, `PACK_DRIVER_MISSING`
 */
export async function mountPack(file: string, place: ImagePlace, folder: string): Promise<void> {
  const { cache } = privateFolders(process.env, process.geteuid?.() ?? 0);
  await callDriver(['mount', ...placeOptions(place), '--cache', cache, file, folder]);
}

/**
 * Ends a mount of {@link mountPack}, also one whose driver is dead.
 *
 * @throws {@link PackError} `PACK_MOUNT_FAILED` where it is in use, or nothing of ours is mounted there
 */
export async function unmountPack(folder: string): Promise<void> {
  await callDriver(['unmount', folder]);
}

/**
 * Writes the files of a pack or a XAR into a folder that is empty or not there yet.
 *
 * @throws {@link PackError} `PACK_MOUNT_FAILED` where the image is malformed or the disk is full
 */
export async function extractPack(file: string, place: ImagePlace, folder: string): Promise<void> {
  await callDriver(['extract', ...placeOptions(place), file, folder]);
}
