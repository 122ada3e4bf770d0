/**
 * What a comparison came to.
 *
 * - `same`: somebody declared the file, and it has the content that was declared
 * - `differs`: it was declared with another content
 * - `undeclared`: nothing that declares files knows it
 * - `unchecked`: it could not be compared
 * - `list`: it is itself a list that others were compared with, such as pip's RECORD
 */
export type DeclarationStatus = 'same' | 'differs' | 'undeclared' | 'unchecked' | 'list';

/** A package of others. */
export interface DeclaringPackage {
  /** As package URLs name it. */
  readonly type: 'npm' | 'pypi' | 'deb';
  readonly name: string;
  readonly version: string;
}

/** What is known of one file. */
export interface Declaration {
  readonly status: DeclarationStatus;
  /** `undefined` for the project's own files, and those that nothing knows. */
  readonly package?: DeclaringPackage | undefined;
  /** What declared it: `package-lock.json`, `RECORD`, `dpkg`, `git`, `build`. */
  readonly by?: string | undefined;
  /** Of all but `same`: why, a sentence's part. */
  readonly why?: string | undefined;
}

/** The package URL, with which other tools find a package. */
export function packageUrl({ type, name, version }: DeclaringPackage): string {
  const path = name.split('/').map(encodeURIComponent).join('/');
  const place = type === 'deb' ? `debian/${path}` : type === 'pypi' ? path.toLowerCase() : path;
  return `pkg:${type}/${place}@${encodeURIComponent(version)}`;
}
