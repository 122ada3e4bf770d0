/**
 * The numbers of SquashFS 4.0.
 *
 * @see https://dr-emann.github.io/squashfs/ and fs/squashfs/squashfs_fs.h of Linux
 */
export const squashfsMagic = 0x73717368;
export const superblockSize = 96;
export const metadataSize = 8192;
/** Bytes of a data block of the images that we write, if nothing else is asked for; readers meet 4 KiB to 1 MiB. */
export const usualBlockSize = 131_072;
/** In the size of a data block or fragment: stored as it is. */
export const storedBlock = 1 << 24;
/** In the size of a metadata block: stored as it is. */
export const storedMetadata = 1 << 15;
/** A file without a fragment, an inode without extended attributes. */
export const none32 = 0xff_ff_ff_ff;
/** A table that is not there. */
export const none64 = 0xff_ff_ff_ff_ff_ff_ff_ffn;

export const compressorIds = { gzip: 1, lzma: 2, lzo: 3, xz: 4, lz4: 5, zstd: 6 } as const;

export const superblockFlags = { checkedForDuplicates: 0x40, noExtendedAttributes: 0x2_00 } as const;

/** Kinds of inodes; the extended form of each is 7 more. */
export const inodeKinds = { folder: 1, file: 2, link: 3 } as const;
export const extended = 7;

/** The entries of a directory header, at most. */
export const directoryRun = 256;
/** A listing's recorded size counts `.` and `..` with three bytes that are not there. */
export const listingExtra = 3;

/** What no image of ours has more of, and no image that we read may have more of. */
export const imageLimits = { entries: 1 << 22, depth: 256, name: 255, path: 4095, bytes: 2 ** 40 } as const;
