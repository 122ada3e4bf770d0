import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { PackError } from '../pack-error.ts';

/** A pair of keys for signing, as text. */
export interface KeyPair {
  /** PEM, PKCS#8: it signs, and stays secret. */
  readonly privateKey: string;
  /** PEM, SPKI: it goes to those who verify. */
  readonly publicKey: string;
}

/** Makes a pair of ed25519 keys. */
export function makeKeyPair(): KeyPair {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/**
 * Reads a public key: PEM as `pack key` and `openssl pkey -pubout` write it, or its 64 hexadecimal digits.
 *
 * @param shown what the key is called in an error
 * @returns 64 hexadecimal digits
 * @throws {@link PackError} `PACK_KEY_WRONG`
 */
export function readPublicKey(text: string, shown: string): string {
  const bare = text.trim();
  if (/^[0-9a-f]{64}$/i.test(bare)) return bare.toLowerCase();
  if (bare.includes('PRIVATE KEY'))
    throw new PackError(
      'PACK_KEY_WRONG',
      `${shown} is a private key: give the public one. openssl pkey -in KEY.pem -pubout writes it.`,
    );
  let key: KeyObject | undefined;
  let cause: unknown;
  try {
    key = createPublicKey(bare);
  } catch (error) {
    cause = error;
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw new PackError(
      'PACK_KEY_WRONG',
      `${shown} is no public ed25519 key, in PEM or as 64 hexadecimal digits.`,
      { cause },
    );
  return Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url').toString('hex');
}

/** PEM of a key given as 64 hexadecimal digits. */
export function publicKeyPem(key: string): string {
  const x = Buffer.from(key, 'hex').toString('base64url');
  const made = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  return made.export({ type: 'spki', format: 'pem' }) as string;
}
