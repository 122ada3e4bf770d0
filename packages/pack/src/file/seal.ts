import { createHash } from 'node:crypto';
import { type ByteSource, readChecked } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import type { PackHeader } from './header.ts';

/** An ed25519 signature over root and head. */
export interface Signature {
  /** The public key, 32 raw bytes. */
  readonly key: Uint8Array;
  /** 64 bytes. */
  readonly signature: Uint8Array;
}

/** What stands at the end of a pack. */
export interface Seal {
  readonly imageOffset: number;
  readonly imageSize: number;
  readonly treeOffset: number;
  readonly treeSize: number;
  /** 64 hexadecimal digits. */
  readonly root: string;
  /** sha256 of header, driver and what fills them up, 64 hexadecimal digits. */
  readonly head: string;
  readonly signatures: readonly Signature[];
}

const magic = 'WPKSEAL1';
const fixedSize = 112;
const signatureSize = 96;
const checkSize = 32;
/** More signatures than this no pack has. */
export const signatureLimit = 8;

/** The bytes of a seal. */
export function sealBytes(seal: Seal): Uint8Array {
  const signed = fixedSize + signatureSize * seal.signatures.length;
  const bytes = Buffer.alloc(signed + checkSize);
  bytes.write(magic, 0, 'latin1');
  bytes.writeUInt32LE(bytes.length, 8);
  bytes.writeUInt32LE(seal.signatures.length, 12);
  bytes.writeBigUInt64LE(BigInt(seal.imageOffset), 16);
  bytes.writeBigUInt64LE(BigInt(seal.imageSize), 24);
  bytes.writeBigUInt64LE(BigInt(seal.treeOffset), 32);
  bytes.writeBigUInt64LE(BigInt(seal.treeSize), 40);
  bytes.write(seal.root, 48, 'hex');
  bytes.write(seal.head, 80, 'hex');
  for (const [row, { key, signature }] of seal.signatures.entries()) {
    bytes.set(key, fixedSize + signatureSize * row);
    bytes.set(signature, fixedSize + signatureSize * row + 32);
  }
  bytes.set(createHash('sha256').update(bytes.subarray(0, signed)).digest(), signed);
  return bytes;
}

/**
 * Reads the seal of a pack and compares it with the header. It checks no signature.
 *
 * @throws {@link PackError} `PACK_SEAL_DAMAGED`
 */
export function readSeal(source: ByteSource, header: PackHeader): Seal {
  const size = source.size - header.sealOffset;
  const count = (size - fixedSize - checkSize) / signatureSize;
  if (!Number.isInteger(count) || count < 0 || count > signatureLimit) throw damaged(`It has ${size} bytes.`);
  const raw = readChecked(source, header.sealOffset, size, 'PACK_SEAL_DAMAGED', 'The seal');
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  const checked = bytes.subarray(0, size - checkSize);
  if (
    !createHash('sha256')
      .update(checked)
      .digest()
      .equals(bytes.subarray(size - checkSize))
  )
    throw damaged('Its own hash differs.');
  const field = (at: number) => Number(bytes.readBigUInt64LE(at));
  const seal: Seal = {
    imageOffset: field(16),
    imageSize: field(24),
    treeOffset: field(32),
    treeSize: field(40),
    root: bytes.toString('hex', 48, 80),
    head: bytes.toString('hex', 80, 112),
    signatures: Array.from({ length: count }, (_, row) => {
      const at = fixedSize + signatureSize * row;
      return { key: bytes.subarray(at, at + 32), signature: bytes.subarray(at + 32, at + signatureSize) };
    }),
  };
  if (bytes.toString('latin1', 0, 8) !== magic) throw damaged('It does not begin as one.');
  if (bytes.readUInt32LE(8) !== size || bytes.readUInt32LE(12) !== count)
    throw damaged('Its size is another than it says.');
  for (const name of ['imageOffset', 'imageSize', 'treeOffset', 'treeSize', 'root'] as const)
    if (seal[name] !== header[name]) throw damaged(`Its ${name} is another than the header's.`);
  return seal;
}

/** What a signature is made over. */
export function signedMessage(seal: Pick<Seal, 'root' | 'head'>): Uint8Array {
  return Buffer.concat([
    Buffer.from('whetstone-pack-signature-1\n'),
    Buffer.from(seal.root, 'hex'),
    Buffer.from(seal.head, 'hex'),
  ]);
}

function damaged(what: string): PackError {
  return new PackError('PACK_SEAL_DAMAGED', `The seal at the end of the pack is damaged. ${what}`);
}
