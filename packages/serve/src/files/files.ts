import type { Stats } from 'node:fs';
import { realpathSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lookup } from 'mrmime';
import { ServeError } from '../errors.ts';
import type { Headers } from '../fetch/headers.ts';
import { Response } from '../fetch/response.ts';
import type { Handler } from '../options.ts';
import { type Coding, acceptedCodings, codings } from './accept-encoding.ts';
import { byteRange } from './byte-range.ts';
import { CompressedFiles, canCompress } from './compressed.ts';
import { conditionsMet, rangeCounts } from './conditions.ts';
import { FileSlice } from './file-slice.ts';
import { openBelow } from './open-below.ts';

/** What {@link files} takes. */
export interface FilesOptions {
  /** Served for a folder. Default `index.html`; `null` for none. */
  readonly index?: string | null;
  /** Serves names that begin with a dot; `.well-known` is served in any case. Default false. */
  readonly dotfiles?: boolean;
  /** `Cache-Control` of every file. Default none. */
  readonly cacheControl?: string;
  /** Compresses text of 1 KiB to 1 MiB for who accepts it. Default true. */
  readonly compress?: boolean;
}

/** Below this a compressed answer is hardly smaller; above, it is for whoever builds the files to compress them. */
const compressedFrom = 1024;
const compressedTo = 1024 * 1024;
/** Compressed files kept, bytes. */
const keptBytes = 32 * 1024 * 1024;
/** A file up to here is read at once. */
const wholeBytes = 64 * 1024;

const suffixes: Record<Coding, string> = { br: '.br', zstd: '.zst', gzip: '.gz' };
const compressible =
  /^(?:text\/|image\/svg\+xml|application\/(?:json|javascript|xml|wasm|manifest\+json|.*\+(?:json|xml)))/;

/**
 * A handler that serves a folder: `routes: { '/files/*': files('./public') }`, or as `fetch`.
 *
 * It answers GET and HEAD, with ranges, `ETag` and conditions. A file `name.br`, `name.zst` or `name.gz` beside
 * `name`, not older, is sent to who accepts it. Nothing outside the folder is served, no link leads there.
 *
 * @throws {@link ServeError} `OPTION_WRONG` where the folder is none
 */
export function files(folder: string, options: FilesOptions = {}): Handler {
  const root = rootOf(folder);
  const { index = 'index.html', dotfiles = false, cacheControl, compress = true } = options;
  const compressed = new CompressedFiles(keptBytes);

  const handler = async (request: Request, rest: string | undefined): Promise<Response> => {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return new Response('this method is not allowed here\n', {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      });
    const url = new URL(request.url);
    const segments = segmentsOf(rest, url.pathname);
    if (segments === null) return notFound();
    const asFolder = segments.at(-1) === '';
    if (asFolder) segments.pop();
    const hidden = (name: string) => name.startsWith('.') && name !== '.well-known';
    if (!dotfiles && segments.some(hidden)) return notFound();

    const opened = new OpenedFiles(root);
    try {
      let file = await opened.open(segments);
      if (file?.stat.isDirectory()) {
        if (index === null) return notFound();
        segments.push(index);
        file = await opened.open(segments);
        if (file?.stat.isFile() && !asFolder) {
          // From the whole path: `//host` would lead to another server.
          const location = `${url.pathname.replace(/^\/+/, '/')}/${url.search}`;
          return new Response(null, { status: 308, headers: { location } });
        }
      } else if (asFolder) {
        return notFound();
      }
      return file?.stat.isFile() ? await answerWith(file, segments, request, opened) : notFound();
    } finally {
      await opened.close();
    }
  };

  return ((request: Request, context: { readonly params: Readonly<Record<string, string>> }) =>
    handler(request, context.params['*'])) as unknown as Handler;

  async function answerWith(
    plain: OpenedFile,
    segments: readonly string[],
    request: Request,
    opened: OpenedFiles,
  ): Promise<Response> {
    const name = segments.at(-1)!;
    const type = lookup(name) ?? 'application/octet-stream';
    const headers = request.headers as unknown as Headers;
    // A part is always of the file itself: of what is compressed here, the parts would differ from day to day.
    const accepted = headers.has('range') ? [] : acceptedCodings(headers.get('accept-encoding'));
    const { size } = plain.stat;
    const text = compress && size >= compressedFrom && size <= compressedTo && compressible.test(type);
    let file = plain;
    let coding: Coding | null = null;
    let varies = text;
    for (const candidate of [...accepted, ...codings.filter((other) => !accepted.includes(other))]) {
      const beside = await opened.open([...segments.slice(0, -1), name + suffixes[candidate]]);
      if (!beside?.stat.isFile() || beside.stat.mtimeMs < plain.stat.mtimeMs) continue;
      varies = true;
      if (coding !== null || !accepted.includes(candidate)) continue;
      file = beside;
      coding = candidate;
    }
    let made: Uint8Array | null = null;
    const choice = accepted.find(canCompress);
    if (text && coding === null && choice) {
      coding = choice;
      const key = `${choice} ${etagOf(plain.stat)} ${segments.join('/')}`;
      made = await compressed.get(key, choice, () => new FileSlice(plain.handle, 0, size, false).whole());
    }

    const version = { etag: etagOf(file.stat, coding), modified: plain.stat.mtimeMs };
    const fields: [string, string][] = [
      ['content-type', /^text\/|javascript|json$|\+xml/.test(type) ? `${type};charset=utf-8` : type],
      ['x-content-type-options', 'nosniff'],
      ['accept-ranges', 'bytes'],
      ['last-modified', new Date(version.modified).toUTCString()],
      ['etag', version.etag],
    ];
    if (cacheControl !== undefined) fields.push(['cache-control', cacheControl]);
    if (varies) fields.push(['vary', 'accept-encoding']);

    const status = conditionsMet(headers, version);
    if (status === 304) return new Response(null, { status, headers: fields });
    if (status === 412) return new Response('a condition is not met\n', { status });
    const length = made?.length ?? file.stat.size;
    const range = rangeCounts(headers.get('if-range'), version)
      ? byteRange(headers.get('range'), length)
      : null;
    if (range === 'outside')
      return new Response('the file has no such part\n', {
        status: 416,
        headers: { 'content-range': `bytes */${length}` },
      });

    const { start, end } = range ?? { start: 0, end: length };
    if (coding !== null) fields.push(['content-encoding', coding]);
    if (range) fields.push(['content-range', `bytes ${start}-${end - 1}/${length}`]);
    fields.push(['content-length', String(end - start)]);
    const init = { status: range ? 206 : 200, headers: fields };
    if (request.method === 'HEAD') return new Response(null, init);
    if (made) return new Response(made, init);
    if (end - start <= wholeBytes)
      return new Response(await new FileSlice(file.handle, start, end, false).whole(), init);
    return new Response(new FileSlice(opened.take(file), start, end, true), init);
  }
}

interface OpenedFile {
  readonly handle: FileHandle;
  readonly stat: Stats;
}

/** What was opened for one request: closed when it is answered, but for what its body takes along. */
class OpenedFiles {
  readonly #root: string;
  readonly #handles = new Set<FileHandle>();

  constructor(root: string) {
    this.#root = root;
  }

  async open(segments: readonly string[]): Promise<OpenedFile | null> {
    const handle = await openBelow(this.#root, segments);
    if (!handle) return null;
    this.#handles.add(handle);
    return { handle, stat: await handle.stat() };
  }

  take({ handle }: OpenedFile): FileHandle {
    this.#handles.delete(handle);
    return handle;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#handles].map((handle) => handle.close()));
  }
}

const notFound = () => new Response('not found\n', { status: 404 });

/** What comes after the route, or the whole path, decoded and cut; `null` where it names no file. */
function segmentsOf(rest: string | undefined, pathname: string): string[] | null {
  // An escaped slash is part of a name, and no file has such a name: it must not lead into a folder.
  if (/%2f|%5c|%00/i.test(pathname)) return null;
  try {
    return (rest ?? decodeURIComponent(pathname.slice(1))).split('/');
  } catch {
    return null;
  }
}

function rootOf(folder: string): string {
  try {
    const root = realpathSync(folder);
    if (statSync(root).isDirectory()) return root;
  } catch (error) {
    throw new ServeError('OPTION_WRONG', `there is no folder '${folder}' to serve.`, { cause: error });
  }
  throw new ServeError('OPTION_WRONG', `'${folder}' is not a folder.`);
}

function etagOf(stat: Stats, coding: Coding | null = null): string {
  const version = `${stat.size.toString(16)}-${Math.round(stat.mtimeMs * 1000).toString(16)}`;
  return `"${version}${coding === null ? '' : `-${coding}`}"`;
}
