import { isHost } from './characters.ts';

const remembered = { http: new Map<string, string>(), https: new Map<string, string>() };

/** Authorities kept, so that a host is put through `URL` once; an attacker's thousand names cost no memory. */
const rememberedAtMost = 256;

/**
 * The host and port of `Host` or of an absolute target as `URL` writes them (lower case, no default port), or
 * `null` where the text is none.
 */
export function authorityOf(scheme: 'http' | 'https', text: string): string | null {
  const hosts = remembered[scheme];
  const known = hosts.get(text);
  if (known !== undefined) return known;
  if (!isAuthority(text)) return null;
  let host: string;
  try {
    host = new URL(`${scheme}://${text}/`).host;
  } catch {
    return null;
  }
  if (hosts.size >= rememberedAtMost) hosts.clear();
  hosts.set(text, host);
  return host;
}

function isAuthority(text: string): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::([0-9]{1,5}))?$/.exec(text);
  if (!match) return false;
  if (match[2] !== undefined && Number(match[2]) > 65_535) return false;
  const host = match[1]!;
  if (host.startsWith('[')) return true;
  for (let i = 0; i < host.length; i++) if (isHost[host.charCodeAt(i)] !== 1) return false;
  return true;
}
