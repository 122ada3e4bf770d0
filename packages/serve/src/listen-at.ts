import type { AddressInfo } from 'node:net';
import { ServeError } from './errors.ts';

/** Where a server listens. */
export type ListenAt = { readonly port: number; readonly hostname: string } | { readonly unix: string };

/** What the options say, with defaults: port 3000 of 127.0.0.1. */
export function listenAt(options: {
  readonly port?: number;
  readonly hostname?: string;
  readonly unix?: string;
}): ListenAt {
  if (options.unix !== undefined) return { unix: options.unix };
  return { port: options.port ?? 3000, hostname: options.hostname ?? '127.0.0.1' };
}

/** `http://127.0.0.1:3000`, `https://[::1]:3000`, `unix:/run/app.sock` */
export function urlOf(
  address: AddressInfo | { readonly port: number; readonly hostname: string } | string,
  secure: boolean,
): string {
  if (typeof address === 'string') return `unix:${address}`;
  const host = 'hostname' in address ? address.hostname : address.address;
  return `${secure ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** Says what is wrong with the place, and what to do. */
export function listenError(error: unknown, where: ListenAt): ServeError {
  const { code, message } = error as NodeJS.ErrnoException;
  const place = 'unix' in where ? where.unix : `${where.hostname}:${where.port}`;
  if (code === 'EADDRINUSE')
    return new ServeError(
      'ADDRESS_IN_USE',
      `${place} is in use by another program: end it, or choose another with ${'unix' in where ? 'unix' : 'port'}.`,
      { cause: error },
    );
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'not permitted; ports below 1024 need root',
    EADDRNOTAVAIL: 'this machine has no such address',
    ENOTFOUND: 'this machine has no such address',
    ENOENT: 'there is no such folder',
  };
  return new ServeError('LISTEN_FAILED', `cannot listen on ${place}: ${reasons[code ?? ''] ?? message}.`, {
    cause: error,
  });
}
