import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { chmod, copyFile, open, rename, rm, stat } from 'node:fs/promises';
import { fileSource } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';
import { checkPack } from './read-pack.ts';
import { type Seal, sealBytes, type Signature, signatureLimit, signedMessage } from './seal.ts';

/**
 * The public keys, 64 hexadecimal digits each, that signed a pack, in the order of the signatures.
 *
 * @throws {@link PackError} `PACK_SIGNATURE_WRONG` if any signature does not hold
 */
export function signersOf(seal: Seal): string[] {
  return seal.signatures.map(({ key, signature }) => {
    const shown = Buffer.from(key).toString('hex');
    if (!holds(seal, key, signature))
      throw new PackError('PACK_SIGNATURE_WRONG', `The signature of key ${shown} does not hold.`);
    return shown;
  });
}

/**
 * Signs a pack: its file is replaced by one that differs in the seal alone. An earlier signature of the same key goes.
 *
 * Every byte is compared with the hashes before: nobody signs a damaged file.
 *
 * @param privateKey ed25519, PEM (PKCS#8), as `openssl genpkey -algorithm ed25519` writes it
 * @returns the public key, 64 hexadecimal digits
 * @throws {@link PackError} `PACK_KEY_WRONG` and all that {@link checkPack} throws
 */
export async function signPack(file: string, privateKey: string | Uint8Array): Promise<string> {
  const key = readPrivateKey(privateKey);
  const own = rawPublicKey(createPublicKey(key));
  using source = fileSource(file);
  const { header, seal } = checkPack(source);
  signersOf(seal);
  const others = seal.signatures.filter(({ key: other }) => !own.equals(other));
  if (others.length >= signatureLimit)
    throw new PackError(
      'PACK_SIGNATURE_WRONG',
      `The pack has ${signatureLimit} signatures, the most that it may have.`,
    );
  const signature: Signature = { key: own, signature: sign(null, signedMessage(seal), key) };
  await replaceSeal(file, header.sealOffset, { ...seal, signatures: [...others, signature] });
  return own.toString('hex');
}

/** Puts another seal on a copy and the copy in the file's place, at once: nobody meets half of it. */
async function replaceSeal(file: string, offset: number, seal: Seal): Promise<void> {
  const partial = `${file}.${process.pid}.partial`;
  try {
    await copyFile(file, partial);
    await using handle = await open(partial, 'r+');
    await handle.truncate(offset);
    const bytes = sealBytes(seal);
    await handle.write(bytes, 0, bytes.length, offset);
    await handle.sync();
    await chmod(partial, (await stat(file)).mode & 0o7777);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
}

function holds(seal: Seal, key: Uint8Array, signature: Uint8Array): boolean {
  try {
    const x = Buffer.from(key).toString('base64url');
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
    return verify(null, signedMessage(seal), publicKey, signature);
  } catch {
    return false;
  }
}

function readPrivateKey(text: string | Uint8Array): KeyObject {
  let key: KeyObject | undefined;
  let cause: unknown;
  try {
    key = createPrivateKey(typeof text === 'string' ? text : Buffer.from(text));
  } catch (error) {
    cause = error;
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new PackError(
      'PACK_KEY_WRONG',
      'The key is no private ed25519 key in PEM. One is made by: openssl genpkey -algorithm ed25519 -out key.pem',
      { cause },
    );
  return key;
}

function rawPublicKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
}
