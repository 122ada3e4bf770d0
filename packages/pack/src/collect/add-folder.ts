import { existsSync, lstatSync, readlinkSync, realpathSync, type Stats } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import type { Collection } from './collection.ts';
import { isBelow } from './node-packages.ts';
import { walkFolder } from './walk-folder.ts';

/** From where on the disk to where in the image. */
export interface Mapping {
  /** Nothing outside of it goes in; real path, absolute. */
  readonly boundary: string;
  /** The folder of the image in which the boundary stands. */
  readonly into: string;
  readonly owner: string;
  /** True for what is not entered, and not told of. */
  readonly skip: (file: string, stats: Stats) => boolean;
}

/**
 * Puts all below a folder in, or the file itself. Links to inside the boundary stay links, and what they lead to goes
 * in too.
 *
 * @throws {@link PackError} `PACK_FILE_REFUSED` for a link that leads out
 */
export function addFolder(collection: Collection, top: string, mapping: Mapping): void {
  const { boundary, into, owner, skip } = mapping;
  const passed = (file: string, stats: Stats): boolean =>
    skip(file, stats) ||
    // A folder that stays out is named once, not with all that is in it.
    (stats.isDirectory() && file !== boundary && !collection.mayEnter(imagePath(file, boundary, into)));
  for (const { file, stats } of walkFolder(top, passed)) {
    const inImage = imagePath(file, boundary, into);
    if (collection.get(inImage)) continue;
    if (!stats.isSymbolicLink()) {
      collection.addFromDisk(file, stats, inImage, owner);
      continue;
    }
    const target = path.resolve(path.dirname(file), readlinkSync(file));
    if (!existsSync(file)) {
      collection.leaveOut(inImage, 'it is a link that leads nowhere');
      continue;
    }
    if (!isBelow(target, boundary) || !isBelow(realpathSync(file), boundary))
      throw new PackError(
        'PACK_FILE_REFUSED',
        `${file} is a link out of the project, to ${target}: put a copy in its place, or name it in "leaveOut" of pack.json.`,
      );
    // Always relative: where the pack is mounted is not known.
    if (collection.addFromDisk(file, stats, inImage, owner, path.relative(path.dirname(file), target)))
      if (existsSync(target) && !skip(target, lstatSync(target))) addFolder(collection, target, mapping);
  }
}

/** Where a file of the disk stands in the image. */
export function imagePath(file: string, boundary: string, into: string): string {
  const relative = path.relative(boundary, file);
  return relative === '' ? into : into === '' ? relative : `${into}/${relative}`;
}
