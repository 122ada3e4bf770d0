import { BlockList, isIP } from 'node:net';
import type { FieldList } from '../engine/engine.ts';
import { ServeError } from '../errors.ts';
import { authorityOf } from '../http/authority.ts';
import { fieldOf } from '../http/fields.ts';

/** Where a request came from, and what it was sent to, as the client sees it. */
export interface Origin {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  readonly remoteAddress: string;
}

/** The proxies whose word counts. */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #unix: boolean;

  /** Addresses, networks (`10.0.0.0/8`), and `unix`. @throws {@link ServeError} `OPTION_WRONG` */
  constructor(trust: readonly string[]) {
    this.#unix = trust.includes('unix');
    for (const entry of trust) {
      if (entry === 'unix') continue;
      const [address = '', prefix, ...more] = entry.split('/');
      const family = isIP(address);
      const bits = prefix === undefined ? undefined : Number(prefix);
      const most = family === 4 ? 32 : 128;
      if (
        family === 0 ||
        more.length > 0 ||
        (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && bits! <= most))
      )
        throw new ServeError(
          'OPTION_WRONG',
          `trust: '${entry}' is no address and no network such as 10.0.0.0/8.`,
        );
      const type = family === 4 ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#list.addAddress(address, type);
      else this.#list.addSubnet(address, bits, type);
    }
  }

  has(address: string): boolean {
    if (address === '') return this.#unix;
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
    const plain = mapped ?? address;
    const family = isIP(plain);
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  /**
   * What a trusted proxy says of a request: `Forwarded` (RFC 7239), or else `X-Forwarded-For`, `-Proto` and `-Host`.
   *
   * Read from the right, where the nearest proxy wrote: the client is the first address that is none of ours. What
   * stands to the left of it anyone may have written.
   */
  originOf(direct: Origin, fields: FieldList): Origin {
    if (!this.has(direct.remoteAddress)) return direct;
    const hops = hopsOf(fields);
    let { scheme, authority, remoteAddress } = direct;
    for (const hop of hops.toReversed()) {
      if (hop.proto === 'http' || hop.proto === 'https') scheme = hop.proto;
      if (hop.host !== undefined) authority = authorityOf(scheme, hop.host) ?? authority;
      if (hop.address === null) break;
      remoteAddress = hop.address;
      if (!this.has(remoteAddress)) break;
    }
    return { scheme, authority, remoteAddress };
  }
}

interface Hop {
  /** `null` where none is said, or it is hidden. */
  readonly address: string | null;
  readonly proto: string | undefined;
  readonly host: string | undefined;
}

function hopsOf(fields: FieldList): Hop[] {
  const forwarded = joined(fields, 'forwarded');
  if (forwarded !== null) {
    return splitOutsideQuotes(forwarded, ',').map((element) => {
      const pairs = new Map<string, string>();
      for (const pair of splitOutsideQuotes(element, ';')) {
        const match = /^\s*([\w-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))\s*$/.exec(pair);
        if (match) pairs.set(match[1]!.toLowerCase(), match[2]?.replace(/\\(.)/g, '$1') ?? match[3]!);
      }
      return {
        address: addressIn(pairs.get('for') ?? ''),
        proto: pairs.get('proto')?.toLowerCase(),
        host: pairs.get('host'),
      };
    });
  }
  const addresses = joined(fields, 'x-forwarded-for')?.split(',') ?? [];
  const hops = addresses.map((text): Hop => ({
    address: addressIn(text.trim()),
    proto: undefined,
    host: undefined,
  }));
  // These hold what the nearest proxy says; a list comes from proxies that append.
  const proto = joined(fields, 'x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase();
  const host = joined(fields, 'x-forwarded-host')?.split(',').at(-1)?.trim();
  const nearest = hops.pop();
  return [...hops, { address: nearest?.address ?? null, proto, host }];
}

/** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1` */
function addressIn(text: string): string | null {
  const address = /^\[(.+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+)(?::\d+)?$/.exec(text)?.[1] ?? text;
  return isIP(address) === 0 ? null : address;
}

function joined(fields: FieldList, name: string): string | null {
  if (fieldOf(fields, name) === undefined) return null;
  return fields.filter((_, i) => i % 2 === 1 && fields[i - 1] === name).join(',');
}

function splitOutsideQuotes(text: string, separator: string): string[] {
  return text.match(new RegExp(`(?:"(?:[^"\\\\]|\\\\.)*"|[^"${separator}])+`, 'g')) ?? [];
}
