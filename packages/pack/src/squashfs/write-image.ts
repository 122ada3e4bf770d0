import type { FileHandle } from 'node:fs/promises';
import { type DataOptions, DataWriter, type FileData, type Fragment } from './data-writer.ts';
import { type FolderNode, type ImageEntry, type ImageFile, type ImageNode, imageTree } from './image-tree.ts';
import {
  compressorIds,
  directoryRun,
  extended,
  inodeKinds,
  listingExtra,
  metadataSize,
  none32,
  none64,
  squashfsMagic,
  superblockFlags,
  superblockSize,
  usualBlockSize,
} from './layout.ts';
import { type MetadataPlace, MetadataWriter } from './metadata-writer.ts';

/** What {@link writeImage} takes besides the entries. */
export interface WriteImageOptions extends Omit<DataOptions, 'blockSize'> {
  /** Bytes of content that are compressed together: a power of two, 4 KiB to 1 MiB. Default 128 KiB. */
  readonly blockSize?: number | undefined;
  /** Where the image begins in the file, bytes. */
  readonly offset: number;
  /** Files whose contents come first, in this order: what a start reads is then read in one piece. */
  readonly first?: readonly string[];
}

/**
 * Writes a SquashFS 4.0 image with zstd, the same bytes for the same entries: sorted, no times, owned by root.
 *
 * @returns the bytes that it takes, filled with zeros to a multiple of 4096
 * @throws {@link PackError} `PACK_FILE_REFUSED`, `PACK_FILE_CHANGED`
 */
export async function writeImage(
  out: FileHandle,
  entries: readonly ImageEntry[],
  options: WriteImageOptions,
): Promise<number> {
  const root = imageTree(entries);
  const { blockSize = usualBlockSize } = options;
  const data = new DataWriter(out, options.offset, superblockSize, { ...options, blockSize });
  const places = new Map<ImageFile, FileData>();
  for (const file of inOrder(root, options.first ?? [])) places.set(file, await data.add(file));
  await data.finish();

  const compress = options.compressor.compressNow;
  const tables = new TreeWriter(places, compress);
  const rootPlace = tables.writeRoot(root);
  const inodeTable = tables.inodes.finish().bytes;
  const directoryTable = tables.listings.finish().bytes;

  const inodeStart = data.position;
  const directoryStart = inodeStart + inodeTable.length;
  const fragments = indexedTable(
    fragmentRows(data.fragments),
    directoryStart + directoryTable.length,
    compress,
  );
  const owners = indexedTable(new Uint8Array(4), fragments.end, compress);
  const size = Math.ceil(owners.end / 4096) * 4096;
  const tail = Buffer.concat([
    inodeTable,
    directoryTable,
    fragments.bytes,
    owners.bytes,
    new Uint8Array(size - owners.end),
  ]);
  await out.write(tail, 0, tail.length, options.offset + inodeStart);

  const superblock = new DataView(new ArrayBuffer(superblockSize));
  superblock.setUint32(0, squashfsMagic, true);
  superblock.setUint32(4, tables.count, true);
  superblock.setUint32(12, blockSize, true);
  superblock.setUint32(16, data.fragments.length, true);
  superblock.setUint16(20, compressorIds.zstd, true);
  superblock.setUint16(22, Math.log2(blockSize), true);
  superblock.setUint16(24, superblockFlags.checkedForDuplicates | superblockFlags.noExtendedAttributes, true);
  superblock.setUint16(26, 1, true);
  superblock.setUint16(28, 4, true);
  superblock.setBigUint64(32, BigInt(rootPlace.block) * 65_536n + BigInt(rootPlace.offset), true);
  superblock.setBigUint64(40, BigInt(owners.end), true);
  superblock.setBigUint64(48, BigInt(owners.index), true);
  superblock.setBigUint64(56, none64, true);
  superblock.setBigUint64(64, BigInt(inodeStart), true);
  superblock.setBigUint64(72, BigInt(directoryStart), true);
  superblock.setBigUint64(80, BigInt(fragments.index), true);
  superblock.setBigUint64(88, none64, true);
  await out.write(new Uint8Array(superblock.buffer), 0, superblockSize, options.offset);
  return size;
}

/** The files, those named first before the others. */
function inOrder(root: FolderNode, first: readonly string[]): ImageFile[] {
  const files: ImageFile[] = [];
  const collect = (node: ImageNode): void => {
    if (node.kind === 'folder') for (const child of node.children) collect(child);
    else if (node.kind === 'file') files.push(node.entry);
  };
  collect(root);
  const rank = new Map(first.map((path, index) => [path, index]));
  const rankOf = (file: ImageFile) => rank.get(file.path) ?? first.length;
  return files.sort((a, b) => rankOf(a) - rankOf(b));
}

/** What a listing says of an entry. */
interface Listed {
  readonly name: Uint8Array;
  readonly kind: number;
  readonly number: number;
  readonly place: MetadataPlace;
}

/** Where a folder's listing is; its inode is written later, beside those of its siblings. */
interface WrittenFolder {
  readonly place: MetadataPlace;
  readonly size: number;
  readonly index: readonly { readonly at: number; readonly block: number; readonly name: Uint8Array }[];
  readonly subfolders: number;
}

/** Writes inodes and listings. A folder's entries are numbered and stored one after another. */
class TreeWriter {
  readonly inodes: MetadataWriter;
  readonly listings: MetadataWriter;
  /** Inodes so far. */
  count = 0;
  readonly #data: ReadonlyMap<ImageFile, FileData>;

  constructor(data: ReadonlyMap<ImageFile, FileData>, compress: (block: Uint8Array) => Uint8Array) {
    this.#data = data;
    this.inodes = new MetadataWriter(compress);
    this.listings = new MetadataWriter(compress);
  }

  writeRoot(root: FolderNode): MetadataPlace {
    const number = this.#number();
    const written = this.#writeFolder(root, number);
    const { place } = this.inodes;
    // The root has no parent: the kernel is given a number that no inode has, as mksquashfs does.
    this.#writeFolderInode(written, number, this.count + 1);
    return place;
  }

  /** Writes all that is below a folder, and its listing. */
  #writeFolder(folder: FolderNode, number: number): WrittenFolder {
    const numbered = folder.children.map((node) => ({ node, number: this.#number() }));
    const below = new Map<FolderNode, WrittenFolder>();
    for (const { node, number: own } of numbered)
      if (node.kind === 'folder') below.set(node, this.#writeFolder(node, own));
    const listed = numbered.map(({ node, number: own }): Listed => {
      const { place } = this.inodes;
      if (node.kind === 'folder') this.#writeFolderInode(below.get(node)!, own, number);
      else if (node.kind === 'file') this.#writeFileInode(node.entry, own);
      else this.#writeLinkInode(node.entry.target, own);
      return { name: Buffer.from(node.name), kind: inodeKinds[node.kind], number: own, place };
    });
    return this.#writeListing(listed, below.size);
  }

  #number(): number {
    this.count += 1;
    return this.count;
  }

  #writeListing(entries: readonly Listed[], subfolders: number): WrittenFolder {
    const { place } = this.listings;
    const index: { at: number; block: number; name: Uint8Array }[] = [];
    let size = 0;
    // An index entry leads to the first header in each further block of the listing: look-ups start there.
    let indexed = Math.floor(place.offset / metadataSize);
    for (const run of runsOf(entries)) {
      const at = Math.floor((place.offset + size) / metadataSize);
      if (at > indexed) {
        indexed = at;
        index.push({ at: size, block: this.listings.place.block, name: run[0]!.name });
      }
      const [first] = run as [Listed];
      const length = run.reduce((sum, { name }) => sum + 8 + name.length, 12);
      const bytes = new Uint8Array(length);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, run.length - 1, true);
      view.setUint32(4, first.place.block, true);
      view.setUint32(8, first.number, true);
      let to = 12;
      for (const entry of run) {
        view.setUint16(to, entry.place.offset, true);
        view.setInt16(to + 2, entry.number - first.number, true);
        view.setUint16(to + 4, entry.kind, true);
        view.setUint16(to + 6, entry.name.length - 1, true);
        bytes.set(entry.name, to + 8);
        to += 8 + entry.name.length;
      }
      this.listings.write(bytes);
      size += length;
    }
    return { place, size, index, subfolders };
  }

  #writeFolderInode(folder: WrittenFolder, number: number, parent: number): void {
    const { place, index } = folder;
    const size = folder.size + listingExtra;
    const links = folder.subfolders + 2;
    if (size <= 0xff_ff && index.length === 0) {
      const view = inode(32, inodeKinds.folder, 0o755, number);
      view.setUint32(16, place.block, true);
      view.setUint32(20, links, true);
      view.setUint16(24, size, true);
      view.setUint16(26, place.offset, true);
      view.setUint32(28, parent, true);
      this.inodes.write(new Uint8Array(view.buffer));
      return;
    }
    const view = inode(40, inodeKinds.folder + extended, 0o755, number);
    view.setUint32(16, links, true);
    view.setUint32(20, size, true);
    view.setUint32(24, place.block, true);
    view.setUint32(28, parent, true);
    view.setUint16(32, index.length, true);
    view.setUint16(34, place.offset, true);
    view.setUint32(36, none32, true);
    this.inodes.write(new Uint8Array(view.buffer));
    for (const { at, block, name } of index) {
      const row = new DataView(new ArrayBuffer(12));
      row.setUint32(0, at, true);
      row.setUint32(4, block, true);
      row.setUint32(8, name.length - 1, true);
      this.inodes.write(new Uint8Array(row.buffer));
      this.inodes.write(name);
    }
  }

  #writeFileInode(file: ImageFile, number: number): void {
    const { start, blocks, fragment, offset } = this.#data.get(file)!;
    const mode = file.executable ? 0o755 : 0o644;
    const large = start > 0xff_ff_ff_ff || file.size > 0xff_ff_ff_ff;
    const view = large
      ? inode(56, inodeKinds.file + extended, mode, number)
      : inode(32, inodeKinds.file, mode, number);
    if (large) {
      view.setBigUint64(16, BigInt(start), true);
      view.setBigUint64(24, BigInt(file.size), true);
      view.setUint32(40, 1, true);
      view.setUint32(44, fragment, true);
      view.setUint32(48, offset, true);
      view.setUint32(52, none32, true);
    } else {
      view.setUint32(16, start, true);
      view.setUint32(20, fragment, true);
      view.setUint32(24, offset, true);
      view.setUint32(28, file.size, true);
    }
    this.inodes.write(new Uint8Array(view.buffer));
    const sizes = new DataView(new ArrayBuffer(4 * blocks.length));
    for (const [row, size] of blocks.entries()) sizes.setUint32(4 * row, size, true);
    this.inodes.write(new Uint8Array(sizes.buffer));
  }

  #writeLinkInode(target: string, number: number): void {
    const bytes = Buffer.from(target);
    const view = inode(24, inodeKinds.link, 0o777, number);
    view.setUint32(16, 1, true);
    view.setUint32(20, bytes.length, true);
    this.inodes.write(new Uint8Array(view.buffer));
    this.inodes.write(bytes);
  }
}

/** Entries that can share a header: 256 at most, their inodes in one block, their numbers near; a block of listing at most. */
function runsOf(entries: readonly Listed[]): Listed[][] {
  const runs: Listed[][] = [];
  let length = 0;
  for (const entry of entries) {
    const run = runs.at(-1);
    const first = run?.[0];
    length += 8 + entry.name.length;
    if (
      run &&
      first &&
      run.length < directoryRun &&
      first.place.block === entry.place.block &&
      entry.number - first.number <= 0x7f_ff &&
      length <= metadataSize / 2
    )
      run.push(entry);
    else {
      runs.push([entry]);
      length = 12 + 8 + entry.name.length;
    }
  }
  return runs;
}

/** The start of every inode; owner, group and time are 0. */
function inode(size: number, kind: number, mode: number, number: number): DataView {
  const view = new DataView(new ArrayBuffer(size));
  view.setUint16(0, kind, true);
  view.setUint16(2, mode, true);
  view.setUint32(12, number, true);
  return view;
}

function fragmentRows(fragments: readonly Fragment[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(16 * fragments.length));
  for (const [row, { start, size }] of fragments.entries()) {
    view.setBigUint64(16 * row, BigInt(start), true);
    view.setUint32(16 * row + 8, size, true);
  }
  return new Uint8Array(view.buffer);
}

/** A table in blocks of metadata with the places of the blocks behind them; the superblock names where those begin. */
function indexedTable(
  rows: Uint8Array,
  start: number,
  compress: (block: Uint8Array) => Uint8Array,
): { readonly bytes: Uint8Array; readonly index: number; readonly end: number } {
  const writer = new MetadataWriter(compress);
  writer.write(rows);
  const { bytes, blocks } = writer.finish();
  const places = new DataView(new ArrayBuffer(8 * blocks.length));
  for (const [row, block] of blocks.entries()) places.setBigUint64(8 * row, BigInt(start + block), true);
  const index = start + bytes.length;
  return {
    bytes: Buffer.concat([bytes, new Uint8Array(places.buffer)]),
    index,
    end: index + places.byteLength,
  };
}
