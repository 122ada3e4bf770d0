import type { RunReport } from '@whetstone/analyze';
import { retry, stopBeforeDelay } from '@whetstone/retry';
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pageFiles, type PageFile } from './page-files.ts';
import { sourceBelow, sourcesBelow } from './source-below.ts';

/** What the page may see. */
export interface ViewInput {
  /** The bytes of a `.whet` file. */
  readonly profile: Uint8Array;
  readonly report: RunReport;
  /** Folder of the built page: `index.html`, and `assets/` with what it loads. */
  readonly pageFolder: string;
  /** Sources that the profile names but does not hold; left out, none are served. */
  readonly sources?: SourceFolder | undefined;
  /** 0, or left out: any that is free. */
  readonly port?: number | undefined;
}

/** Files that may be read for the page. */
export interface SourceFolder {
  /** Nothing outside this folder is served, whatever the profile names. */
  readonly root: string;
  /** Absolute paths, as the profile names them. */
  readonly files: readonly string[];
}

export interface ViewServer {
  /** With the token: to be opened once, and to be shown to nobody else. */
  readonly url: string;
  /** Ends all connections. Resolves when the port is free again. */
  close(): Promise<void>;
}

/** The page cannot be served. */
class ViewError extends Error {
  override readonly name = 'ViewError';
  readonly code = 'VIEW_FAILED';
}

const cookieName = 'whetstone';

/**
 * Everything a page of ours needs, and nothing else: no script but its own files, no styles in the
 * markup, no connection but to this server, no frame around it.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-store',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
} as const;

/**
 * Serves the page with one profile, to the browser that was given the address and to no one else.
 *
 * It listens on 127.0.0.1. The address holds a random token; the page that it loads comes with a cookie
 * that takes over, and removes the token from the address, so that it stands in no link that is passed
 * on. A cookie, and no header, because the page's own scripts, styles and worker are requests that no
 * script of ours can add a header to. It is `HttpOnly` and `SameSite=Strict`, and is named for the port,
 * because browsers share cookies between the ports of a host. Every request must name this server as
 * its host (a rebound name does not) and, where the browser tells the origin, come from this page.
 * Everything else gets 403.
 */
export async function startViewServer(input: ViewInput): Promise<ViewServer> {
  const token = randomBytes(32).toString('base64url');
  const files = await pageFiles(input.pageFolder);
  const report = Buffer.from(JSON.stringify(input.report));
  const server = createServer();
  await listen(server, input.port ?? 0);
  const { port } = server.address() as AddressInfo;
  const site: Site = { input, token, files, report, port, hosts: [`127.0.0.1:${port}`, `localhost:${port}`] };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    answer(site, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else refuse(response);
    });
  });
  return {
    url: `http://127.0.0.1:${port}/?token=${token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Site {
  readonly input: ViewInput;
  readonly token: string;
  readonly files: ReadonlyMap<string, PageFile>;
  readonly report: Buffer;
  readonly port: number;
  readonly hosts: readonly string[];
}

async function answer(site: Site, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host, origin } = request.headers;
  const known = host !== undefined && site.hosts.includes(host);
  const ours = origin === undefined || site.hosts.some((name) => origin === `http://${name}`);
  if (!known || !ours || (request.method !== 'GET' && request.method !== 'HEAD')) return refuse(response);
  // Joined, not resolved: a path like `//elsewhere/` stays a path.
  const url = new URL(`http://${host}${request.url ?? '/'}`);
  const given = url.searchParams.get('token');
  if (url.pathname === '/' && given !== null) {
    if (!same(given, site.token)) return refuse(response);
    const cookie = `${cookieName}-${site.port}=${site.token}; HttpOnly; SameSite=Strict; Path=/`;
    response.setHeader('Set-Cookie', cookie);
  } else if (!same(cookieOf(request, `${cookieName}-${site.port}`) ?? '', site.token)) {
    return refuse(response);
  }
  const file = site.files.get(url.pathname);
  if (file !== undefined) return send(request, response, file.type, file.bytes);
  switch (url.pathname) {
    case '/profile.whet':
      return send(request, response, 'application/octet-stream', site.input.profile);
    case '/report.json':
      return send(request, response, 'application/json; charset=utf-8', site.report);
    case '/sources.json': {
      const names = JSON.stringify(await sourcesBelow(site.input.sources));
      return send(request, response, 'application/json; charset=utf-8', Buffer.from(names));
    }
    case '/source': {
      const text = await sourceBelow(site.input.sources, url.searchParams.get('file') ?? '');
      if (text !== null) return send(request, response, 'text/plain; charset=utf-8', text);
    }
  }
  refuse(response);
}

function send(request: IncomingMessage, response: ServerResponse, type: string, bytes: Uint8Array): void {
  response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': bytes.length });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

/** One answer for everything that is not allowed: what exists is nobody's business. */
function refuse(response: ServerResponse): void {
  const text = 'Whetstone shows this profile only to the browser that it was opened in.\n';
  response.writeHead(403, { ...headers, 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  response.end(text);
}

/** Compares without telling by its time how much agrees. */
function same(given: string, token: string): boolean {
  return timingSafeEqual(digestOf(given), digestOf(token));
}

/** Of one length whatever is given, as the comparison needs it. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function cookieOf(request: IncomingMessage, name: string): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=');
    if (at >= 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** A view that was ended a moment ago may still hold the port: milliseconds that we wait for it. */
const PORT_PATIENCE = 2000;

/** Listens on a port that may be given back only now. */
async function listen(server: Server, port: number): Promise<void> {
  const listening = retry(() => listenOnce(server, port), {
    attempts: Infinity,
    wait: 100,
    stop: stopBeforeDelay(PORT_PATIENCE),
    retryIf: ({ outcome }) => outcome?.ok === false && codeOf(outcome.error) === 'EADDRINUSE',
  });
  try {
    await listening();
  } catch (cause) {
    const why =
      codeOf(cause) === 'EADDRINUSE'
        ? 'another program listens there: give another with --port, or none'
        : cause instanceof Error
          ? cause.message
          : String(cause);
    throw new ViewError(`cannot listen on port ${port} of 127.0.0.1: ${why}.`, { cause });
  }
}

async function listenOnce(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  // Rejects with the server's error, if that comes first.
  await once(server, 'listening');
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
