import type { ByteSource } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';

/** What the lines at the start of a XAR say. */
export interface XarHeader {
  readonly kind: 'xar';
  /** Where the image begins, bytes. */
  readonly offset: number;
  /** By which it is mounted. It is made up, not computed: two XARs may have the same. */
  readonly uuid: string;
  /** Usually the second of the build. */
  readonly version: string;
  /** The file in the image that starts; `undefined` for a XAR of files alone. */
  readonly target: string | undefined;
  /** Other XARs that must be mounted beside it. */
  readonly dependencies: readonly string[];
}

/** More than any of the originals reads. */
const headerLimit = 65_536;
const lastLine = '#xar_stop';

/** True for a file that begins as a XAR does: a first line for the kernel, then the offset. */
export function isXar(source: ByteSource): boolean {
  return /^#![^\n]*\nOFFSET="\d+"\n/.test(startOf(source));
}

/**
 * Reads the header of a XAR, executing nothing.
 *
 * @see https://github.com/facebookincubator/xar
 * @throws {@link PackError} `PACK_NOT_A_PACK`, `PACK_HEADER_DAMAGED`
 */
export function readXarHeader(source: ByteSource): XarHeader {
  if (!isXar(source)) throw new PackError('PACK_NOT_A_PACK', 'The file is no XAR: it does not begin as one.');
  const [, ...lines] = startOf(source).split('\n');
  const end = lines.indexOf(lastLine);
  if (end === -1) throw damaged(`It has no line '${lastLine}'.`);
  const values = new Map<string, string>();
  for (const line of lines.slice(0, end)) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)="([^"]*)"$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw damaged(`It has the line '${line.slice(0, 80)}'.`);
    if (values.has(name)) throw damaged(`It has ${name} twice.`);
    values.set(name, value);
  }
  const offset = Number(values.get('OFFSET'));
  if (!Number.isSafeInteger(offset) || offset === 0 || offset % 4096 !== 0 || offset >= source.size)
    throw damaged(`Its image would begin at byte ${values.get('OFFSET')} of ${source.size}.`);
  const uuid = values.get('UUID') ?? '';
  if (!/^[0-9a-fA-F]{1,64}$/.test(uuid)) throw damaged(`Its UUID is '${uuid.slice(0, 80)}'.`);
  return {
    kind: 'xar',
    offset,
    uuid,
    version: values.get('VERSION') ?? '',
    target: values.get('XAREXEC_TARGET') || undefined,
    dependencies: (values.get('DEPENDENCIES') ?? '').split(' ').filter((one) => one !== ''),
  };
}

/** The only offset that every `xarexec_fuse` takes. */
export const xarOffset = 4096;

/**
 * The header of a XAR, filled up to {@link xarOffset}.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG` for values that the header cannot hold
 */
export function xarHeaderBytes({
  uuid,
  version,
  target,
}: Pick<XarHeader, 'uuid' | 'version' | 'target'>): Buffer {
  const program =
    target === undefined ? '/bin/echo This is not an executable XAR file.' : '/usr/bin/env xarexec_fuse';
  const values = { OFFSET: String(xarOffset), UUID: uuid, VERSION: version, XAREXEC_TARGET: target };
  const lines = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    // The original splits its lines at each '='.
    if (/["=\n]/.test(value))
      throw new PackError('PACK_PROJECT_WRONG', `No XAR can have the ${name} '${value}'.`);
    return [`${name}="${value}"`];
  });
  const text = `#!${program}\n${lines.join('\n')}\n${lastLine}\necho This XAR file should not be executed by sh\nexit 1\n# Actual squashfs file begins at ${xarOffset}\n`;
  const bytes = Buffer.alloc(xarOffset, '\n');
  bytes.write(text);
  return bytes;
}

function startOf(source: ByteSource): string {
  return Buffer.from(source.read(0, Math.min(source.size, headerLimit))).toString('latin1');
}

function damaged(what: string): PackError {
  return new PackError('PACK_HEADER_DAMAGED', `The header of the XAR is damaged. ${what}`);
}
