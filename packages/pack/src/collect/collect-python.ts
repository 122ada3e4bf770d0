import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import type { PackSettings } from '../settings.ts';
import { addFolder, imagePath, type Mapping } from './add-folder.ts';
import { appFolder, notTraced, projectFiles, tellOfSecrets } from './collect-node.ts';
import type { Collection } from './collection.ts';
import { strippedElf } from './elf.ts';
import type { PythonFacts } from './python-facts.ts';

/** Of what a virtual environment has, only needed to fill it. */
const installers = /^(?:pip|pip-.*\.dist-info)$/;

/**
 * Puts a Python program in: its own files below `/app`, and the packages of its environment.
 *
 * @param packagesInto the folder of the image for packages
 * @returns where the entry stands in the image
 * @throws {@link PackError} `PACK_PROJECT_WRONG`, `PACK_FILE_REFUSED`
 */
export function collectPython(
  collection: Collection,
  folder: string,
  settings: PackSettings,
  python: PythonFacts,
  packagesInto: string,
  only?: ReadonlySet<string>,
): string {
  const project = realpathSync(folder);
  const environment =
    settings.environment === undefined ? undefined : path.resolve(project, settings.environment);
  if (environment !== undefined && !existsSync(environment))
    throw new PackError(
      'PACK_PROJECT_WRONG',
      `There is no environment '${settings.environment}': python3 -m venv ${settings.environment}, then install into it.`,
    );
  const leaveOut = new Set(settings.leaveOut.map((file) => path.join(project, file)));
  const own: Mapping = {
    boundary: project,
    into: appFolder,
    owner: 'own',
    skip: (file, stats) =>
      leaveOut.has(file) ||
      file === environment ||
      isMadeAnew(file) ||
      isEnvironment(file, stats.isDirectory()),
  };
  for (const file of projectFiles(project, settings)) addFolder(collection, file, own);
  tellOfSecrets(collection, project, own);
  if (environment !== undefined && existsSync(path.join(environment, 'pyvenv.cfg')))
    collection.leaveOut(
      imagePath(path.join(environment, 'bin'), project, appFolder),
      'its scripts name the Python of this machine',
    );
  if (environment !== undefined)
    for (const packages of packageFolders(environment, python))
      addPackages(collection, packages, packagesInto, leaveOut, only);
  const entry = imagePath(path.join(project, settings.entry!), project, appFolder);
  if (collection.get(entry)?.kind !== 'file')
    throw new PackError('PACK_PROJECT_WRONG', `The entry '${settings.entry}' is no file that goes in.`);
  return entry;
}

function packageFolders(environment: string, python: PythonFacts): readonly string[] {
  if (!existsSync(path.join(environment, 'pyvenv.cfg'))) return [realpathSync(environment)];
  return python.packages;
}

function addPackages(
  collection: Collection,
  folder: string,
  into: string,
  leaveOut: ReadonlySet<string>,
  only: ReadonlySet<string> | undefined,
): void {
  const owners = ownersOf(folder);
  for (const name of readdirSync(folder).sort()) {
    const top = path.join(folder, name);
    const inImage = `${into}/${name}`;
    if (leaveOut.has(top) || isMadeAnew(top)) continue;
    if (installers.test(name))
      collection.leaveOut(inImage, 'it fills environments, and the program does not need it');
    else if (name === 'bin' && !existsSync(path.join(top, '__init__.py')))
      collection.leaveOut(inImage, 'its scripts name the Python of this machine');
    else if (name.endsWith('.pth')) leaveOutPath(collection, top, inImage);
    else {
      const owner = owners.get(name) ?? 'own';
      const skip = (file: string, stats: Stats) =>
        leaveOut.has(file) ||
        isMadeAnew(file) ||
        path.basename(file) === 'direct_url.json' ||
        (!name.endsWith('.dist-info') && notTraced(file, stats, only));
      addFolder(collection, top, { boundary: folder, into, owner, skip });
      if (name.endsWith('.dist-info')) trimRecord(collection, `${inImage}/RECORD`);
    }
  }
}

/** An environment reads these when Python starts; a pack's packages are found by their folder alone. */
function leaveOutPath(collection: Collection, file: string, inImage: string): void {
  collection.leaveOut(inImage, 'only an environment reads it');
  const outside = readFileSync(file, 'utf8')
    .split('\n')
    .find((line) => path.isAbsolute(line.trim()));
  if (outside !== undefined)
    throw new PackError(
      'PACK_FILE_REFUSED',
      `${file} leads out of the environment, to ${outside.trim()}: install that package without -e.`,
    );
}

/** A record without what is not in the image, and differs from machine to machine: scripts and compiled files. */
function trimRecord(collection: Collection, file: string): void {
  const entry = collection.get(file);
  if (entry?.kind !== 'file' || typeof entry.content !== 'string') return;
  const lines = readFileSync(entry.content, 'utf8').split('\n');
  const kept = lines.filter((line) => !/^(?:\.\.\/|\/|bin\/)|__pycache__\/|direct_url\.json,/.test(line));
  const content = Buffer.from(kept.join('\n'));
  collection.replace({ ...entry, size: content.length, content }, [entry.content]);
}

/** Which package brought each name at the top: as their records say. */
function ownersOf(folder: string): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const [, project, version] = /^(.+?)-([^-]+)\.dist-info$/.exec(name) ?? [];
    const record = path.join(folder, name, 'RECORD');
    if (project === undefined || !existsSync(record)) continue;
    for (const line of readFileSync(record, 'utf8').split('\n')) {
      const [, top] = /^([^/,]+)/.exec(line) ?? [];
      if (top !== undefined && !owners.has(top)) owners.set(top, `${project} ${version}`);
    }
  }
  return owners;
}

function isMadeAnew(file: string): boolean {
  const name = path.basename(file);
  return name === '__pycache__' || name.endsWith('.pyc');
}

function isEnvironment(file: string, isFolder: boolean): boolean {
  return isFolder && existsSync(path.join(file, 'pyvenv.cfg'));
}

/** Of a standard library: what programs do not import, and what belongs to the machine. */
const notNeeded =
  /^(?:test|tests|idlelib|turtledemo|tkinter|ensurepip|site-packages|dist-packages|__pycache__|config-.*|sitecustomize\.py|usercustomize\.py|_tkinter\..*|_test.*\.so|_xxtestfuzz\..*|_ctypes_test\..*|xxlimited.*|EXTERNALLY-MANAGED)$/;

/**
 * Puts the interpreter and its standard library in, below `/runtime`.
 *
 * @returns where the program stands in the image
 */
export function collectPythonRuntime(collection: Collection, python: PythonFacts): string {
  const owner = `python ${python.fullVersion}`;
  const program = `runtime/bin/python${python.version}`;
  addRuntimeFile(collection, python.program, program, owner, true);
  for (const name of ['python3', 'python'])
    collection.add({ kind: 'link', path: `runtime/bin/${name}`, target: path.basename(program) }, owner);
  const add = (folder: string, into: string): void => {
    for (const name of readdirSync(folder).sort()) {
      if (notNeeded.test(name) || name.endsWith('.pyc')) continue;
      const file = path.join(folder, name);
      // Links of a system's library lead to where that system keeps things: what they lead to goes in.
      if (!existsSync(file)) continue;
      if (statSync(file).isDirectory()) add(file, `${into}/${name}`);
      else addRuntimeFile(collection, file, `${into}/${name}`, owner, false);
    }
  };
  add(python.library, `runtime/lib/python${python.version}`);
  return program;
}

function addRuntimeFile(
  collection: Collection,
  file: string,
  inImage: string,
  owner: string,
  executable: boolean,
): void {
  const from = realpathSync(file);
  if (!lstatSync(from).isFile()) return;
  // A Python that was built here has its symbols, twice the size of the rest.
  const content = executable || from.endsWith('.so') ? strippedElf(readFileSync(from)) : undefined;
  if (content)
    collection.add({ kind: 'file', path: inImage, executable, size: content.length, content }, owner, [from]);
  else
    collection.add(
      { kind: 'file', path: inImage, executable, size: lstatSync(from).size, content: from },
      owner,
    );
}
