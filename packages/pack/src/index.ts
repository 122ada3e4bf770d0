export { PackError, type PackErrorCode } from './pack-error.ts';
export { bytesSource, type ByteSource, fileSource, type FileSource } from './byte-source.ts';
export type { ImageEntry, ImageFile, ImageFolder, ImageLink } from './squashfs/image-tree.ts';
export { readImage, type ReadEntry, type ReadImage } from './squashfs/read-image.ts';
export { writeImage, type WriteImageOptions } from './squashfs/write-image.ts';
export { type Compressor, nodeHasIt, zstdCompressor, zstdDecompressor } from './squashfs/zstd.ts';
export { type PackHeader, readHeader } from './file/header.ts';
export { checkPack, type Pack, readPack } from './file/read-pack.ts';
export type { Seal, Signature } from './file/seal.ts';
export { signersOf, signPack } from './file/signature.ts';
export { type PackContents, writePack } from './file/write-pack.ts';
export { buildPack, type BuildOptions, type BuildReport } from './build/build-pack.ts';
export { type CollectOptions, collectProject, type Project } from './build/collect-project.ts';
export { type FoundSettings, initPack } from './build/init-pack.ts';
export type { Collected, Collection, LeftOut } from './collect/collection.ts';
export type { PackSettings } from './settings.ts';
export { type PackFacts, packFacts } from './file/pack-facts.ts';
export {
  checkTrust,
  type CheckTrustOptions,
  checkTrustOf,
  shortKey,
  type TrustedPack,
} from './trust/check-trust.ts';
export { type KeyPair, makeKeyPair, publicKeyPem, readPublicKey } from './trust/public-key.ts';
export {
  pinKey,
  readTrust,
  removeKey,
  removeRule,
  type Trust,
  type TrustedKey,
  trustFolder,
  type TrustRule,
} from './trust/trust-folder.ts';
export { driverFile } from './start/driver-file.ts';
export { headerScript } from './start/header-script.ts';
export { imagePlace, type ImagePlace } from './start/image-place.ts';
export { extractPack, mountPack, unmountPack } from './start/mount-pack.ts';
export type { Exit } from './start/run-driver.ts';
export { runPack } from './start/run-pack.ts';
export { cycloneDx } from './inventory/cyclonedx.ts';
export {
  type Declaration,
  type DeclarationStatus,
  type DeclaringPackage,
  packageUrl,
} from './inventory/declaration.ts';
export {
  collectionInventory,
  type Inventory,
  inventory,
  type InventoryOptions,
  type InventoryRow,
  isConspicuous,
} from './inventory/inventory.ts';
export { compareVersions } from './update/compare-versions.ts';
export { rollbackPack, type Update, updatePack, type UpdateOptions } from './update/update-pack.ts';
export type { DynamicLoad } from './trace/dynamic-loads.ts';
export { type Trace, traceRun } from './trace/trace-run.ts';
export { type Conversion, convertPack } from './xar/convert.ts';
export { isXar, readXarHeader, type XarHeader } from './xar/xar-header.ts';
