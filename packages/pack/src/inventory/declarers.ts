import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isBelow } from '../collect/node-packages.ts';
import type { Declaration } from './declaration.ts';
import { dpkgDeclaration, type DpkgFiles, md5Of, readDpkgFiles } from './dpkg-files.ts';
import { gitDeclaration, type GitFiles, readGitFiles } from './git-files.ts';
import type { InventoryInput } from './inventory-input.ts';
import { type LockedPackage, type NpmLock, readNpmLock } from './npm-lock.ts';
import { NpmTarballs } from './npm-tarball.ts';
import { isRecord, readRecord, type RecordedFile, recordedDeclaration } from './pip-record.ts';
import { placedLock, readVersionLock } from './version-lock.ts';

/** Where the files of an inventory belong. */
export interface InventoryPlace {
  /** The project, with its lock file and git; absolute. `undefined` where none is known. */
  readonly project: string | undefined;
  /** The folder that the image's `app` is of: the project, or the root of its workspaces. */
  readonly boundary: string | undefined;
  /** In which folder of the image the boundary stands; `''` where paths are the project's own. */
  readonly into: string;
  /** Nothing is asked of the registry. */
  readonly offline: boolean;
  /** Where dpkg keeps its lists. */
  readonly dpkgDatabase?: string | undefined;
}

/** Asks all that declare files about one file after another. */
export class Declarers {
  readonly #place: InventoryPlace;
  readonly #records = new Map<string, RecordedFile>();
  #lock: NpmLock | null;
  #tarballs: NpmTarballs | undefined;
  /** False where the lock file does not say where links lead. */
  #namesLinks = true;
  #git: GitFiles | string | undefined;
  #dpkg: DpkgFiles | null | undefined;

  constructor(place: InventoryPlace) {
    this.#place = place;
    this.#lock = place.boundary === undefined ? null : readNpmLock(place.boundary);
  }

  /** Reads the lists that stand among the files, and gets the tarballs that they need. */
  async prepare(inputs: readonly InventoryInput[]): Promise<void> {
    for (const { path: at, kind, read, origin, madeFrom } of inputs) {
      if (kind !== 'file' || !isRecord(at)) continue;
      for (const file of [origin, ...(madeFrom ?? [])])
        if (file !== undefined) this.#addRecord(file, readFileSync(file, 'utf8'));
      this.#addRecord(at, Buffer.from(read()).toString('utf8'));
    }
    await this.#placePackages(inputs);
    if (this.#lock) this.#tarballs = new NpmTarballs(this.#lock, this.#place.offline);
    const locked = new Set<LockedPackage>();
    for (const input of inputs) {
      const found = this.#lockedAt(this.#projectPath(input));
      if (typeof found === 'object') locked.add(found.locked);
    }
    await this.#tarballs?.prepare([...locked]);
  }

  /** Where other lock files are found than npm's: they name versions, and the manifests among the files say where each is. */
  async #placePackages(inputs: readonly InventoryInput[]): Promise<void> {
    const { boundary } = this.#place;
    const lock = this.#lock || boundary === undefined ? null : await readVersionLock(boundary);
    if (!lock) return;
    const manifests = new Map<string, { name: string; version: string }>();
    const links = new Map<string, string>();
    for (const input of inputs) {
      const at = this.#projectPath(input);
      if (at === undefined) continue;
      const [, place] = /^((?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/.@][^/]*)\/package\.json$/.exec(at) ?? [];
      if (input.kind === 'link') links.set(at, path.posix.join(path.posix.dirname(at), input.target));
      else if (place !== undefined) {
        const said = parsedManifest(input.read());
        if (said) manifests.set(place, said);
      }
    }
    this.#lock = placedLock(lock, manifests, links);
    this.#namesLinks = lock.names !== undefined;
  }

  /** What is known of a file that stands somewhere. */
  async declarationOf(input: InventoryInput): Promise<Declaration> {
    const { madeFrom, made } = input;
    if (made !== undefined && madeFrom !== undefined)
      return await this.#madeDeclaration(input, madeFrom, made);
    return await this.#foundDeclaration(input);
  }

  #addRecord(file: string, text: string): void {
    for (const [at, recorded] of readRecord(file, text)) this.#records.set(at, recorded);
  }

  /** What the build makes is as good as what it makes it from. */
  async #madeDeclaration(
    input: InventoryInput,
    madeFrom: readonly string[],
    made: Uint8Array,
  ): Promise<Declaration> {
    if (!Buffer.from(input.read()).equals(made))
      return { status: 'differs', by: 'build', why: 'the build of the project makes another content' };
    // A link to a package was there before the build, and decides which of them a program meets.
    const inProject = input.kind === 'link' && madeFrom.length === 0 ? this.#projectPath(input) : undefined;
    if (inProject !== undefined && /(?:^|\/)node_modules\//.test(inProject))
      return this.#npmLink(inProject, input);
    for (const file of madeFrom) {
      const source: InventoryInput = {
        path: file,
        kind: 'file',
        target: '',
        origin: file,
        read: () => readFileSync(file),
      };
      const declaration = await this.#foundDeclaration(source);
      const shown = this.#shown(file);
      if (declaration.status !== 'same')
        return { ...declaration, why: `it is made from ${shown}: ${declaration.why}` };
      if (declaration.package) return declaration;
    }
    return { status: 'same', by: 'build' };
  }

  async #foundDeclaration(input: InventoryInput): Promise<Declaration> {
    const { origin } = input;
    const recorded =
      this.#records.get(input.path) ?? (origin === undefined ? undefined : this.#records.get(origin));
    if (recorded) return recordedDeclaration(recorded, input.read());
    const inProject = this.#projectPath(input);
    if (inProject !== undefined && /(?:^|\/)node_modules\//.test(inProject))
      return await this.#npmDeclaration(inProject, input);
    if (inProject === undefined) return this.#systemDeclaration(input);
    if (isSitePackages(input.path))
      return { status: 'undeclared', why: 'no RECORD of an installed package names it' };
    return this.#gitDeclaration(inProject, input);
  }

  /** Where a file stands below the boundary, `undefined` for one of the system. */
  #projectPath({ path: at, origin }: InventoryInput): string | undefined {
    const { boundary, into } = this.#place;
    if (origin !== undefined)
      return boundary !== undefined && isBelow(origin, boundary)
        ? path.relative(boundary, origin)
        : undefined;
    if (into === '') return at;
    if (at.startsWith(`${into}/`)) return at.slice(into.length + 1);
    return isSitePackages(at) ? at : undefined;
  }

  async #npmDeclaration(inProject: string, input: InventoryInput): Promise<Declaration> {
    const found = this.#lockedAt(inProject);
    if (typeof found === 'string') return { status: 'unchecked', why: found };
    const lock = this.#lock!.name;
    if (input.kind === 'link') return this.#npmLink(inProject, input);
    if (!found) {
      const installer = noteOf(inProject);
      if (installer !== undefined)
        return { status: 'list', by: installer, why: `${installer} notes there what it installed` };
      return { status: 'undeclared', why: `${lock} names no package there` };
    }
    const { locked, inside } = found;
    const from = { package: { type: 'npm', name: locked.name, version: locked.version }, by: lock } as const;
    const files = await this.#tarballs!.filesOf(locked);
    if (typeof files === 'string') return { ...from, status: 'unchecked', why: files };
    const declared = files.get(inside);
    if (declared === undefined)
      return {
        ...from,
        by: undefined,
        status: 'undeclared',
        why: `the tarball of ${locked.name} ${locked.version} has no such file`,
      };
    if (sha256(input.read()) === declared) return { ...from, status: 'same' };
    return {
      ...from,
      status: 'differs',
      why: `the tarball of ${locked.name} ${locked.version} has another content`,
    };
  }

  /** Links that npm makes: to programs of packages, and to packages of the workspace. */
  #npmLink(inProject: string, { target }: InventoryInput): Declaration {
    const lock = this.#lock;
    if (!lock) return { status: 'unchecked', why: noLock };
    const leadsTo = path.posix.normalize(path.posix.join(path.posix.dirname(inProject), target));
    const locked = lock.packages.get(inProject);
    if (locked?.link && locked.resolved === leadsTo) return { status: 'same', by: lock.name };
    const isProgram = /(?:^|\/)node_modules\/\.bin\/[^/]+$/.test(inProject);
    if (isProgram && this.#lockedAt(leadsTo) !== undefined) return { status: 'same', by: lock.name };
    return this.#namesLinks
      ? { status: 'undeclared', why: `${lock.name} names no link there` }
      : { status: 'unchecked', why: `${lock.name} does not say where links lead` };
  }

  /** The package in whose tarball a file must be, and its path there. */
  #lockedAt(
    inProject: string | undefined,
  ): { readonly locked: LockedPackage; readonly inside: string } | string | undefined {
    const [place] = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(inProject ?? '') ?? [];
    if (inProject === undefined) return undefined;
    if (!this.#lock)
      return this.#place.boundary === undefined
        ? 'no project is known with its lock file: --project FOLDER names it'
        : noLock;
    for (let at = place; at !== undefined;) {
      const locked = this.#lock.packages.get(at);
      if (locked && !locked.link && !locked.bundled)
        return { locked, inside: inProject.slice(at.length + 1) };
      if (locked?.link) return undefined;
      // What a package brought inside it, it declared.
      const outer: string | undefined = /^(.*)\/node_modules\/(?:@[^/]+\/)?[^/]+$/.exec(at)?.[1];
      if (!locked || outer === undefined) return undefined;
      at = outer;
    }
    return undefined;
  }

  #systemDeclaration(input: InventoryInput): Declaration {
    const { dpkgDatabase, project } = this.#place;
    this.#dpkg ??= dpkgDatabase === undefined ? readDpkgFiles() : readDpkgFiles(dpkgDatabase);
    if (!this.#dpkg) return { status: 'unchecked', why: 'there is no dpkg here that could know it' };
    const { origin, path: at, kind } = input;
    if (origin !== undefined) {
      const declared = this.#dpkg.declared(origin);
      if (declared) return dpkgDeclaration(declared, input.read());
      return { status: 'undeclared', why: `no package of dpkg brought ${origin}` };
    }
    if (kind === 'file' && /^(?:lib|runtime)\//.test(at)) {
      const named = this.#dpkg.named(path.posix.basename(at));
      const content = md5Of(input.read());
      const same = named.find(({ md5 }) => md5 === content);
      if (same) return { status: 'same', package: same.package, by: 'dpkg' };
    }
    if (project === undefined)
      return {
        status: 'unchecked',
        why: 'no project is known whose build makes it: --project FOLDER names it',
      };
    return { status: 'undeclared', why: 'the build of the project makes no such file' };
  }

  #gitDeclaration(inProject: string, input: InventoryInput): Declaration {
    const { boundary } = this.#place;
    if (boundary === undefined)
      return { status: 'unchecked', why: 'no project is known with its git: --project FOLDER names it' };
    this.#git ??= readGitFiles(boundary);
    if (typeof this.#git === 'string') return { status: 'unchecked', why: this.#git };
    return gitDeclaration(this.#git, inProject, input.read());
  }

  #shown(file: string): string {
    const { boundary } = this.#place;
    return boundary !== undefined && isBelow(file, boundary) ? path.relative(boundary, file) : file;
  }
}

const noLock = 'the project has no lock file';

/** Whose list of what it installed a file is. */
function noteOf(file: string): string | undefined {
  if (/(?:^|\/)node_modules\/\.package-lock\.json$/.test(file)) return 'npm';
  if (/(?:^|\/)node_modules\/(?:\.modules\.yaml|\.pnpm\/lock\.yaml|\.pnpm-workspace-state[^/]*)$/.test(file))
    return 'pnpm';
  return /(?:^|\/)node_modules\/\.yarn-(?:integrity|state\.yml)$/.test(file) ? 'yarn' : undefined;
}

function parsedManifest(bytes: Uint8Array): { readonly name: string; readonly version: string } | undefined {
  try {
    const { name, version } = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
    return typeof name === 'string' && typeof version === 'string' ? { name, version } : undefined;
  } catch {
    // Whatever it is, it names no package.
    return undefined;
  }
}

function isSitePackages(file: string): boolean {
  return /(?:^|\/)(?:site|dist)-packages\//.test(file);
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
