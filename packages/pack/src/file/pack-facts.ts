import type { ByteSource } from '../byte-source.ts';
import type { PackHeader } from './header.ts';
import { readPack } from './read-pack.ts';
import { signersOf } from './signature.ts';

/** What a pack says of itself, as `--pack-info` prints it, and who signed it. */
export interface PackFacts extends Pick<
  PackHeader,
  'kind' | 'name' | 'version' | 'arch' | 'glibc' | 'compressor' | 'driverSize' | 'imageSize' | 'root'
> {
  /** Public keys, 64 hexadecimal digits each. That a key is somebody's has to be known from elsewhere. */
  readonly signers: readonly string[];
}

/**
 * Reads what a pack says of itself; nothing of it is executed, and its contents are not compared with the hashes.
 *
 * @throws {@link PackError}
 */
export function packFacts(source: ByteSource): PackFacts {
  const { header, seal } = readPack(source);
  const { kind, name, version, arch, glibc, compressor, driverSize, imageSize, root } = header;
  return {
    kind,
    name,
    version,
    arch,
    glibc,
    compressor,
    driverSize,
    imageSize,
    root,
    signers: signersOf(seal),
  };
}
