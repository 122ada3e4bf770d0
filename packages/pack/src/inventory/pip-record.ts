import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Declaration, DeclaringPackage } from './declaration.ts';

/** What a RECORD says of one file. */
export interface RecordedFile {
  readonly package: DeclaringPackage;
  /** `sha256=…`; empty where it names none. */
  readonly hash: string;
  /** True for the RECORD itself. */
  readonly isRecord: boolean;
}

/** True for the list that an installed package of Python has of its files. */
export function isRecord(file: string): boolean {
  return /(?:^|\/)[^/]+\.dist-info\/RECORD$/.test(file);
}

/**
 * Reads a RECORD.
 *
 * @param file where it stands; the paths in what comes back are of the same kind
 * @see https://packaging.python.org/en/latest/specifications/recording-installed-packages/
 */
export function readRecord(file: string, text: string): Map<string, RecordedFile> {
  const info = path.posix.dirname(file);
  const [, name = '', version = ''] = /^(.+?)-([^-]+)\.dist-info$/.exec(path.posix.basename(info)) ?? [];
  const declaring: DeclaringPackage = { type: 'pypi', name, version };
  const files = new Map<string, RecordedFile>();
  for (const line of text.split(/\r?\n/)) {
    const [name_, hash = ''] = fieldsOf(line);
    if (name_ === undefined || name_ === '') continue;
    const place = path.posix.join(path.posix.dirname(info), name_);
    files.set(path.posix.isAbsolute(name_) ? name_ : place, { package: declaring, hash, isRecord: false });
  }
  files.set(file, { package: declaring, hash: '', isRecord: true });
  return files;
}

/** Compares a file with what its RECORD says. */
export function recordedDeclaration(recorded: RecordedFile, content: Uint8Array): Declaration {
  const { package: declaring, hash, isRecord: isList } = recorded;
  const from = { package: declaring, by: 'RECORD' };
  if (isList) return { ...from, status: 'list', why: 'the other files of its package were compared with it' };
  const [, algorithm, digest] = /^(sha256|sha384|sha512)=([A-Za-z0-9_-]+)=*$/.exec(hash) ?? [];
  if (algorithm === undefined) return { ...from, status: 'unchecked', why: 'RECORD names it without a hash' };
  if (createHash(algorithm).update(content).digest('base64url') === digest)
    return { ...from, status: 'same' };
  return { ...from, status: 'differs', why: 'RECORD names another content' };
}

/** A line of CSV, of which the first field may stand in quotation marks. */
function fieldsOf(line: string): string[] {
  if (!line.startsWith('"')) return line.split(',');
  const [, quoted = '', rest = ''] = /^"((?:[^"]|"")*)"(.*)$/.exec(line) ?? [];
  return [quoted.replaceAll('""', '"'), ...rest.split(',').slice(1)];
}
