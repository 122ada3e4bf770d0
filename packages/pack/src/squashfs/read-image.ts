import { inflateSync } from 'node:zlib';
import { type ByteSource, readChecked, sourcePart } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import {
  compressorIds,
  extended,
  imageLimits,
  inodeKinds,
  listingExtra,
  metadataSize,
  none32,
  squashfsMagic,
  storedBlock,
  superblockSize,
} from './layout.ts';
import { MetadataReader } from './metadata-reader.ts';
import type { MetadataPlace } from './metadata-writer.ts';
import { type Decompress, zstdDecompressor } from './zstd.ts';

/** Something in an image that was read. */
export interface ReadEntry {
  /** Relative to the root of the image, `''` for the root itself. */
  readonly path: string;
  readonly kind: 'file' | 'link' | 'folder' | 'other';
  /** Permission bits, with set-user-id and the like where an image has them. */
  readonly mode: number;
  /** Of a file: bytes. */
  readonly size: number;
  /** Of a link: where it leads. */
  readonly target: string;
  /** Of a file: its content, block by block. */
  content(): Generator<Uint8Array>;
}

/** An image that was opened. */
export interface ReadImage {
  /** Inodes, as the image says; no walk gives more. */
  readonly count: number;
  /** Bytes that the image uses. */
  readonly bytesUsed: number;
  /** Folders before what is in them, the root first, each folder's entries in the order stored. */
  walk(): Generator<ReadEntry>;
}

interface Superblock {
  readonly count: number;
  readonly blockSize: number;
  readonly fragments: number;
  readonly bytesUsed: number;
  readonly root: MetadataPlace;
  readonly inodes: number;
  readonly directories: number;
  readonly fragmentIndex: number;
}

/** An inode, and how to read what it leads to. */
interface Inode {
  readonly kind: ReadEntry['kind'];
  readonly mode: number;
  readonly size: number;
  readonly target: string;
  readonly listing: MetadataPlace;
  readonly start: number;
  readonly blocks: Uint32Array;
  readonly fragment: number;
  readonly offset: number;
}

/**
 * Opens a SquashFS 4.0 image, ours or another's, with zstd or gzip. Nothing in it is believed: each offset and size
 * is compared with where it must lie, each loop has an end.
 *
 * @throws {@link PackError} `PACK_IMAGE_DAMAGED` or `PACK_IMAGE_UNSUPPORTED`; walking and reading throw them too
 */
export async function readImage(source: ByteSource): Promise<ReadImage> {
  const view = viewOf(readChecked(source, 0, superblockSize, 'PACK_IMAGE_DAMAGED', 'The superblock'));
  const superblock = readSuperblock(view, source.size);
  const decompress = await decompressorFor(view.getUint16(20, true));
  return new OpenImage(source, superblock, decompress);
}

function readSuperblock(view: DataView, size: number): Superblock {
  if (view.getUint32(0, true) !== squashfsMagic) throw damaged('It does not begin as SquashFS does.');
  const version = `${view.getUint16(28, true)}.${view.getUint16(30, true)}`;
  if (version !== '4.0')
    throw new PackError('PACK_IMAGE_UNSUPPORTED', `The image is SquashFS ${version}; 4.0 can be read.`);
  const blockSize = view.getUint32(12, true);
  const log = view.getUint16(22, true);
  if (log < 12 || log > 20 || blockSize !== 1 << log)
    throw damaged(`Its blocks would have ${blockSize} bytes.`);
  const place = (at: number) => Number(view.getBigUint64(at, true));
  const root = view.getBigUint64(32, true);
  const result: Superblock = {
    count: view.getUint32(4, true),
    blockSize,
    fragments: view.getUint32(16, true),
    bytesUsed: place(40),
    root: { block: Number(root >> 16n), offset: Number(root & 0xff_ffn) },
    inodes: place(64),
    directories: place(72),
    fragmentIndex: place(80),
  };
  const { bytesUsed, inodes, directories, count } = result;
  if (bytesUsed > size || bytesUsed > imageLimits.bytes)
    throw damaged(`It would use ${bytesUsed} bytes of ${size}.`);
  if (!(superblockSize <= inodes && inodes < directories && directories <= bytesUsed))
    throw damaged('Its tables are out of order.');
  if (count === 0 || count > imageLimits.entries) throw damaged(`It would have ${count} inodes.`);
  return result;
}

async function decompressorFor(id: number): Promise<Decompress> {
  if (id === compressorIds.zstd) return await zstdDecompressor();
  if (id === compressorIds.gzip)
    return (bytes, limit) => {
      try {
        return inflateSync(bytes, { maxOutputLength: limit });
      } catch (cause) {
        throw damaged('A compressed block of it is damaged.', cause);
      }
    };
  const name = Object.entries(compressorIds).find(([, known]) => known === id)?.[0] ?? `number ${id}`;
  throw new PackError(
    'PACK_IMAGE_UNSUPPORTED',
    `The image is compressed by ${name}; zstd and gzip can be read.`,
  );
}

class OpenImage implements ReadImage {
  readonly count: number;
  readonly bytesUsed: number;
  readonly #source: ByteSource;
  readonly #superblock: Superblock;
  readonly #decompress: Decompress;
  readonly #inodes: MetadataReader;
  readonly #directories: MetadataReader;
  #fragment: { row: number; bytes: Uint8Array } | undefined;

  constructor(source: ByteSource, superblock: Superblock, decompress: Decompress) {
    const { inodes, directories, bytesUsed } = superblock;
    this.count = superblock.count;
    this.bytesUsed = bytesUsed;
    this.#source = sourcePart(source, 0, bytesUsed);
    this.#superblock = superblock;
    this.#decompress = decompress;
    const table = (from: number, to: number) =>
      new MetadataReader(sourcePart(source, from, to - from), decompress);
    this.#inodes = table(inodes, directories);
    this.#directories = table(directories, bytesUsed);
  }

  *walk(): Generator<ReadEntry> {
    const root = this.#inode(this.#superblock.root);
    if (root.kind !== 'folder') throw damaged('Its root is no folder.');
    let found = 1;
    yield this.#entry('', root);
    const open = [{ path: '', depth: 0, entries: this.#listing(root) }];
    while (open.length > 0) {
      const { path, depth, entries } = open.at(-1)!;
      const next = entries.next();
      if (next.done) {
        open.pop();
        continue;
      }
      found += 1;
      // It ends folders that contain themselves, too.
      if (found > this.count) throw damaged(`It has more entries than its ${this.count} inodes.`);
      const child = path === '' ? next.value.name : `${path}/${next.value.name}`;
      const inode = this.#inode(next.value.place);
      yield this.#entry(child, inode);
      if (inode.kind !== 'folder') continue;
      if (depth + 1 > imageLimits.depth || child.length > imageLimits.path)
        throw damaged('Its folders are too deep.');
      open.push({ path: child, depth: depth + 1, entries: this.#listing(inode) });
    }
  }

  #entry(path: string, inode: Inode): ReadEntry {
    const { kind, mode, size, target } = inode;
    return { path, kind, mode, size, target, content: () => this.#content(inode) };
  }

  *#content(inode: Inode): Generator<Uint8Array> {
    if (inode.kind !== 'file') return;
    const { blockSize } = this.#superblock;
    let at = inode.start;
    let left = inode.size;
    for (const word of inode.blocks) {
      const length = Math.min(left, blockSize);
      const stored = word & ~storedBlock;
      // A block of zeros is not stored at all.
      yield stored === 0 ? new Uint8Array(length) : this.#block(at, word, length, true);
      at += stored;
      left -= length;
    }
    if (inode.fragment === none32 || left === 0) return;
    const fragment = this.#fragmentBytes(inode.fragment);
    if (inode.offset + left > fragment.length) throw damaged('A file reaches beyond its fragment.');
    yield fragment.subarray(inode.offset, inode.offset + left);
  }

  #block(at: number, word: number, length: number, exact: boolean): Uint8Array {
    const stored = word & ~storedBlock;
    if (stored > this.#superblock.blockSize) throw damaged(`A block of it would have ${stored} bytes.`);
    const raw = readChecked(this.#source, at, stored, 'PACK_IMAGE_DAMAGED', 'A block of the image');
    const bytes = (word & storedBlock) !== 0 ? raw : this.#decompress(raw, length);
    if (exact ? bytes.length !== length : bytes.length > length)
      throw damaged(`A block of it has ${bytes.length} bytes instead of ${length}.`);
    return bytes;
  }

  #fragmentBytes(row: number): Uint8Array {
    if (this.#fragment?.row === row) return this.#fragment.bytes;
    const { fragments, fragmentIndex, blockSize } = this.#superblock;
    if (row >= fragments) throw damaged(`A file names fragment ${row} of ${fragments}.`);
    const perBlock = metadataSize / 16;
    const what = 'The index of fragments';
    const place = viewOf(
      readChecked(
        this.#source,
        fragmentIndex + 8 * Math.floor(row / perBlock),
        8,
        'PACK_IMAGE_DAMAGED',
        what,
      ),
    ).getBigUint64(0, true);
    const reader = new MetadataReader(this.#source, this.#decompress);
    const entry = reader.from({ block: Number(place), offset: (row % perBlock) * 16 })(16);
    const start = Number(entry.getBigUint64(0, true));
    const bytes = this.#block(start, entry.getUint32(8, true), blockSize, false);
    this.#fragment = { row, bytes };
    return bytes;
  }

  *#listing(folder: Inode): Generator<{ name: string; place: MetadataPlace }> {
    const read = this.#directories.from(folder.listing);
    const names = new Set<string>();
    let left = folder.size - listingExtra;
    while (left > 0) {
      const header = read(12);
      const count = header.getUint32(0, true) + 1;
      const block = header.getUint32(4, true);
      left -= 12;
      if (count > 256) throw damaged(`A run of a folder would have ${count} entries.`);
      for (let row = 0; row < count; row += 1) {
        const entry = read(8);
        const length = entry.getUint16(6, true) + 1;
        if (length > imageLimits.name) throw damaged(`A name would have ${length} bytes.`);
        left -= 8 + length;
        if (left < 0) throw damaged('A folder ends within an entry.');
        const name = nameOf(read(length));
        if (names.has(name)) throw damaged(`A folder has '${name}' twice.`);
        names.add(name);
        yield { name, place: { block, offset: entry.getUint16(0, true) } };
      }
    }
  }

  #inode(place: MetadataPlace): Inode {
    const read = this.#inodes.from(place);
    const head = read(16);
    const type = head.getUint16(0, true);
    const isExtended = type > extended;
    const kind = isExtended ? type - extended : type;
    const none = {
      size: 0,
      target: '',
      listing: { block: 0, offset: 0 },
      start: 0,
      fragment: none32,
      offset: 0,
    };
    const inode: Inode = {
      ...none,
      kind: 'other',
      mode: head.getUint16(2, true),
      blocks: new Uint32Array(0),
    };
    if (kind === inodeKinds.folder) return { ...inode, kind: 'folder', ...folderFields(read, isExtended) };
    if (kind === inodeKinds.file)
      return { ...inode, kind: 'file', ...fileFields(read, isExtended, this.#superblock.blockSize) };
    if (kind === inodeKinds.link) return { ...inode, kind: 'link', target: linkTarget(read) };
    if (kind >= 4 && kind <= 7) return inode;
    throw damaged(`It has an inode of kind ${type}.`);
  }
}

type Read = (length: number) => DataView;

function folderFields(read: Read, isExtended: boolean): Pick<Inode, 'size' | 'listing'> {
  const fields = read(isExtended ? 24 : 16);
  return isExtended
    ? {
        size: fields.getUint32(4, true),
        listing: { block: fields.getUint32(8, true), offset: fields.getUint16(18, true) },
      }
    : {
        size: fields.getUint16(8, true),
        listing: { block: fields.getUint32(0, true), offset: fields.getUint16(10, true) },
      };
}

function fileFields(
  read: Read,
  isExtended: boolean,
  blockSize: number,
): Pick<Inode, 'size' | 'start' | 'fragment' | 'offset' | 'blocks'> {
  const fields = read(isExtended ? 40 : 16);
  const start = isExtended ? Number(fields.getBigUint64(0, true)) : fields.getUint32(0, true);
  const size = isExtended ? Number(fields.getBigUint64(8, true)) : fields.getUint32(12, true);
  const fragment = fields.getUint32(isExtended ? 28 : 4, true);
  const offset = fields.getUint32(isExtended ? 32 : 8, true);
  if (size > imageLimits.bytes) throw damaged(`A file would have ${size} bytes.`);
  const count = fragment === none32 ? Math.ceil(size / blockSize) : Math.floor(size / blockSize);
  const words: number[] = [];
  // One at a time: the table ends sooner than a count that is made up.
  for (let row = 0; row < count; row += 1) words.push(read(4).getUint32(0, true));
  return { start, size, fragment, offset, blocks: Uint32Array.from(words) };
}

function linkTarget(read: Read): string {
  const length = read(8).getUint32(4, true);
  if (length === 0 || length > imageLimits.path) throw damaged(`A link would have ${length} bytes.`);
  return textOf(read(length));
}

/** A name that leads to no other folder than its own. */
function nameOf(view: DataView): string {
  const name = textOf(view);
  if (name === '.' || name === '..' || name.includes('/') || name.includes('\0'))
    throw damaged(`A folder has an entry named '${name}'.`);
  return name;
}

function textOf(view: DataView): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(view);
  } catch (cause) {
    throw new PackError('PACK_IMAGE_UNSUPPORTED', 'The image has a name that is not UTF-8.', { cause });
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function damaged(what: string, cause?: unknown): PackError {
  return new PackError('PACK_IMAGE_DAMAGED', `The image is damaged. ${what}`, { cause });
}
