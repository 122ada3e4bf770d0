import { type ByteSource, readChecked } from '../byte-source.ts';
import { PackError } from '../pack-error.ts';

/** What the variables at the start of a pack say; format.md has the meaning of each. */
export interface PackHeader {
  readonly kind: 'program' | 'bundle';
  readonly name: string;
  readonly version: string;
  /** As `uname -m` says it, or `any`. */
  readonly arch: string;
  /** The oldest glibc with which the files run, `0` where none is needed. */
  readonly glibc: string;
  /** Library, version, level. */
  readonly compressor: string;
  /** Bytes, all offsets from the start of the file. */
  readonly driverOffset: number;
  readonly driverSize: number;
  readonly driverSha256: string;
  readonly imageOffset: number;
  readonly imageSize: number;
  readonly treeOffset: number;
  readonly treeSize: number;
  readonly sealOffset: number;
  /** The root hash of the image: the pack's identity. 64 hexadecimal digits. */
  readonly root: string;
}

export const headerLimit = 65_536;
/** Header and driver are filled up to a multiple of this: an image is mounted from such an offset. */
export const alignment = 4096;

const firstLines = '#!/bin/sh\n# Whetstone pack 1\n';
const lastLine = '# End of variables\n';
const digits = /^(?:0|[1-9]\d{0,15})$/;
const hash = /^[0-9a-f]{64}$/;

/** The variables in the order of the file, with what each value must look like. */
const variables: readonly [keyof PackHeader, string, RegExp][] = [
  ['kind', 'WPK_KIND', /^(?:program|bundle)$/],
  ['name', 'WPK_NAME', /^[A-Za-z0-9@][A-Za-z0-9@/._+-]{0,127}$/],
  ['version', 'WPK_VERSION', /^[0-9A-Za-z][0-9A-Za-z.+-]{0,63}$/],
  ['arch', 'WPK_ARCH', /^[a-z0-9_]{1,32}$/],
  ['glibc', 'WPK_GLIBC', /^[0-9.]{1,16}$/],
  ['compressor', 'WPK_COMPRESSOR', /^[a-z0-9.-]{1,64}$/],
  ['driverOffset', 'WPK_DRIVER_OFFSET', digits],
  ['driverSize', 'WPK_DRIVER_SIZE', digits],
  ['driverSha256', 'WPK_DRIVER_SHA256', hash],
  ['imageOffset', 'WPK_IMAGE_OFFSET', digits],
  ['imageSize', 'WPK_IMAGE_SIZE', digits],
  ['treeOffset', 'WPK_TREE_OFFSET', digits],
  ['treeSize', 'WPK_TREE_SIZE', digits],
  ['sealOffset', 'WPK_SEAL_OFFSET', digits],
  ['root', 'WPK_ROOT', hash],
];

/**
 * The text of a header: variables, then the script that starts the pack. Not filled up yet.
 *
 * @throws {@link PackError} `PACK_PROJECT_WRONG` for a name or version that no header may have
 */
export function headerText(header: PackHeader, script: string): string {
  const lines = variables.map(([field, variable, allowed]) => {
    const value = String(header[field]);
    if (!allowed.test(value))
      throw new PackError('PACK_PROJECT_WRONG', `A pack cannot have the ${field} '${value}'.`);
    return `${variable}=${value}\n`;
  });
  return `${firstLines}${lines.join('')}${lastLine}${script}`;
}

/** Bytes that a header with this script takes, whatever its numbers turn out to be. */
export function headerSize(names: Pick<PackHeader, 'name' | 'version'>, script: string): number {
  const most = 2 ** 53 - 1;
  const none = '0'.repeat(64);
  const text = headerText(
    {
      ...names,
      kind: 'program',
      arch: 'a'.repeat(32),
      glibc: '1'.repeat(16),
      compressor: 'a'.repeat(64),
      driverOffset: most,
      driverSize: most,
      driverSha256: none,
      imageOffset: most,
      imageSize: most,
      treeOffset: most,
      treeSize: most,
      sealOffset: most,
      root: none,
    },
    script,
  );
  const size = Math.ceil(Buffer.byteLength(text) / alignment) * alignment;
  if (size > headerLimit)
    throw new PackError(
      'PACK_PROJECT_WRONG',
      `The header would have ${size} bytes; at most ${headerLimit} are allowed.`,
    );
  return size;
}

/**
 * Reads the variables of a pack, and executes nothing.
 *
 * @throws {@link PackError} `PACK_NOT_A_PACK`, `PACK_VERSION_UNKNOWN`, `PACK_HEADER_DAMAGED`
 */
export function readHeader(source: ByteSource): PackHeader {
  const bytes = source.read(0, Math.min(source.size, headerLimit));
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!text.startsWith(firstLines)) throw otherFile(text);
  const end = text.indexOf(`\n${lastLine}`);
  if (end === -1) throw damaged("It has no line '# End of variables'.");
  const values = new Map<string, string>();
  for (const line of text.slice(firstLines.length, end).split('\n')) {
    const [, variable, value] = /^(WPK_[A-Z0-9_]+)=([A-Za-z0-9@/._+:-]*)$/.exec(line) ?? [];
    if (variable === undefined || value === undefined)
      throw damaged(`It has the line '${line.slice(0, 80)}'.`);
    if (values.has(variable)) throw damaged(`It has ${variable} twice.`);
    values.set(variable, value);
  }
  const fields: [string, string | number][] = [];
  for (const [field, variable, allowed] of variables) {
    const value = values.get(variable);
    if (value === undefined) throw damaged(`It has no ${variable}.`);
    if (!allowed.test(value)) throw damaged(`Its ${variable} is '${value.slice(0, 80)}'.`);
    fields.push([field, allowed === digits ? Number(value) : value]);
  }
  const header = Object.fromEntries(fields) as unknown as PackHeader;
  checkPlaces(header, source.size);
  return header;
}

/** The parts follow one another without a gap, and end before the file does. */
function checkPlaces(header: PackHeader, size: number): void {
  const { driverOffset, driverSize, imageOffset, imageSize, treeOffset, treeSize, sealOffset } = header;
  const padded = Math.ceil(driverSize / alignment) * alignment;
  const fits =
    driverOffset % alignment === 0 &&
    driverOffset > 0 &&
    driverOffset <= headerLimit &&
    driverSize <= 64 * 1024 * 1024 &&
    imageOffset === driverOffset + padded &&
    imageSize > 0 &&
    imageSize % alignment === 0 &&
    imageSize <= 2 ** 40 &&
    treeOffset === imageOffset + imageSize &&
    sealOffset === treeOffset + treeSize &&
    sealOffset < size;
  if (!fits)
    throw damaged(`Its offsets and sizes do not fit together, or the file of ${size} bytes is cut off.`);
}

function otherFile(text: string): PackError {
  const [, version] = /^#!\/bin\/sh\n# Whetstone pack (\d{1,9})\n/.exec(text) ?? [];
  return version === undefined
    ? new PackError('PACK_NOT_A_PACK', 'The file is no pack: it does not begin as one.')
    : new PackError(
        'PACK_VERSION_UNKNOWN',
        `The pack has format ${version}; this version of Whetstone reads format 1. A newer Whetstone may read it.`,
      );
}

function damaged(what: string): PackError {
  return new PackError('PACK_HEADER_DAMAGED', `The header of the pack is damaged. ${what}`);
}

/** Bytes at the start of the file up to the image: header, driver and what fills them up. */
export function headBytes(source: ByteSource, header: PackHeader): Uint8Array {
  return readChecked(source, 0, header.imageOffset, 'PACK_HEADER_DAMAGED', 'The head');
}
