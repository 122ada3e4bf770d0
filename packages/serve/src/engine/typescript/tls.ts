import { readFileSync } from 'node:fs';
import { type SecureContextOptions, createSecureContext } from 'node:tls';
import { ServeError } from '../../errors.ts';
import type { TlsOptions } from '../../options.ts';

/**
 * Reads certificate and key.
 *
 * @throws {@link ServeError} `TLS_WRONG` that names the file and what is wrong with it
 */
export function secureContextOf(options: TlsOptions): SecureContextOptions {
  const context: SecureContextOptions = {
    cert: pemOf('tls.cert', options.cert),
    key: pemOf('tls.key', options.key),
    minVersion: 'TLSv1.2',
  };
  if (options.ca !== undefined) context.ca = pemOf('tls.ca', options.ca);
  try {
    createSecureContext(context);
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    const reason =
      code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH' ? 'the key is not that of the certificate' : message;
    throw new ServeError('TLS_WRONG', `tls.cert and tls.key do not fit: ${reason}.`, { cause: error });
  }
  return context;
}

function pemOf(option: string, given: string | Buffer): string | Buffer {
  if (typeof given !== 'string' || given.includes('-----BEGIN')) return given;
  try {
    return readFileSync(given);
  } catch (error) {
    throw new ServeError(
      'TLS_WRONG',
      `${option} is '${given}', which cannot be read: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}
