/**
 * What can be wrong with a pack, with an image in it, or with a project that is packed.
 *
 * - `PACK_NOT_A_PACK`: the file is something else
 * - `PACK_VERSION_UNKNOWN`: a later format than this one
 * - `PACK_HEADER_DAMAGED`, `PACK_SEAL_DAMAGED`, `PACK_IMAGE_DAMAGED`: something in it cannot be so
 * - `PACK_IMAGE_UNSUPPORTED`: a sound image of a kind that is not read here
 * - `PACK_HASH_WRONG`: a byte is not as it was when the pack was built
 * - `PACK_SIGNATURE_WRONG`, `PACK_KEY_WRONG`: a signature does not hold; a key is none
 * - `PACK_UNSIGNED`, `PACK_KEY_UNTRUSTED`: nobody signed it, or nobody whose key is trusted for it
 * - `PACK_TRUST_DAMAGED`: the folder of trusted keys is not as it must be, so nothing is trusted
 * - `PACK_UPDATE_REFUSED`, `PACK_UPDATE_FAILED`: what came is no update of this pack; nothing came
 * - `PACK_PROJECT_WRONG`: pack.json or the project cannot be packed as it is
 * - `PACK_FILE_REFUSED`: a file that no pack may hold
 * - `PACK_FILE_UNDECLARED`: a build was to hold only what somebody declared, and a file is not so
 * - `PACK_FILE_CHANGED`: a file changed while it was packed
 * - `PACK_TOOL_FAILED`: a program that packing needs is missing or failed
 * - `PACK_DRIVER_MISSING`: the program that mounts was not built for this machine
 * - `PACK_MOUNT_FAILED`: what the driver said when it could not mount, unmount or extract
 */
export type PackErrorCode =
  | 'PACK_NOT_A_PACK'
  | 'PACK_VERSION_UNKNOWN'
  | 'PACK_HEADER_DAMAGED'
  | 'PACK_SEAL_DAMAGED'
  | 'PACK_IMAGE_DAMAGED'
  | 'PACK_IMAGE_UNSUPPORTED'
  | 'PACK_HASH_WRONG'
  | 'PACK_SIGNATURE_WRONG'
  | 'PACK_KEY_WRONG'
  | 'PACK_UNSIGNED'
  | 'PACK_KEY_UNTRUSTED'
  | 'PACK_TRUST_DAMAGED'
  | 'PACK_UPDATE_REFUSED'
  | 'PACK_UPDATE_FAILED'
  | 'PACK_PROJECT_WRONG'
  | 'PACK_FILE_REFUSED'
  | 'PACK_FILE_UNDECLARED'
  | 'PACK_FILE_CHANGED'
  | 'PACK_TOOL_FAILED'
  | 'PACK_DRIVER_MISSING'
  | 'PACK_MOUNT_FAILED';

/** Everything that this package refuses, with a stable code and a sentence for people. */
export class PackError extends Error {
  override readonly name = 'PackError';
  readonly code: PackErrorCode;
  constructor(code: PackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
