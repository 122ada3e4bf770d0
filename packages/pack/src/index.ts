export { PackError, type PackErrorCode } from './pack-error.ts';
export { bytesSource, type ByteSource, fileSource, type FileSource } from './byte-source.ts';
export type { ImageEntry, ImageFile, ImageFolder, ImageLink } from './squashfs/image-tree.ts';
export { readImage, type ReadEntry, type ReadImage } from './squashfs/read-image.ts';
export { writeImage, type WriteImageOptions } from './squashfs/write-image.ts';
export { type Compressor, nodeHasIt, zstdCompressor, zstdDecompressor } from './squashfs/zstd.ts';
