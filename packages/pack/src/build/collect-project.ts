import { readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { addFolder } from '../collect/add-folder.ts';
import { Collection } from '../collect/collection.ts';
import { collectNode, isNodeEntry, type NodeProgram, projectFiles } from '../collect/collect-node.ts';
import { collectPython, collectPythonRuntime } from '../collect/collect-python.ts';
import { addCompiledPython } from '../collect/compile-python.ts';
import { strippedElf } from '../collect/elf.ts';
import { moduleGraph } from '../collect/module-graph.ts';
import { type PythonFacts, pythonFacts } from '../collect/python-facts.ts';
import { addSharedLibraries, type NativeFiles } from '../collect/shared-libraries.ts';
import { mounted, startScript } from '../collect/start-script.ts';
import { PackError } from '../pack-error.ts';
import { type PackSettings, readSettings } from '../settings.ts';
import { mapLoader, moduleMap } from './module-map.ts';
import { projectName } from './project-name.ts';

/** What is carried besides the program. */
export interface CollectOptions {
  /** The Node that runs this build. */
  readonly withNode?: boolean;
  /** The Python of the environment, or the one on the PATH. */
  readonly withPython?: boolean;
  /** Of dependencies only these files go in, with manifests and shared libraries; real paths, absolute. */
  readonly only?: ReadonlySet<string>;
}

/** All that a pack will hold. */
export interface Project extends Pick<NativeFiles, 'arch' | 'glibc'> {
  readonly kind: 'program' | 'bundle';
  readonly name: string;
  readonly version: string;
  readonly collection: Collection;
  /** Files in the order in which they load, as far as that is known. */
  readonly first: readonly string[];
}

/** More names than these the driver does not read ahead. */
const aheadLimit = 20_000;

/** What the machine's C++ programs bring when they load an addon. */
const broughtByNode = ['libstdc++.so.6', 'libgcc_s.so.1'];

/**
 * Looks at a folder with a pack.json and collects what its pack holds. Nothing is written.
 *
 * @throws {@link PackError}
 */
export async function collectProject(folder: string, options: CollectOptions = {}): Promise<Project> {
  const settings = readSettings(folder);
  const project = realpathSync(folder);
  const { entry } = settings;
  const language =
    entry === undefined ? undefined : isNodeEntry(entry) ? 'node' : entry.endsWith('.py') ? 'python' : null;
  if (language === null)
    throw new PackError(
      'PACK_PROJECT_WRONG',
      `The entry '${entry}' is neither JavaScript, TypeScript nor Python.`,
    );
  if (options.withNode && language !== 'node') throw notItsRuntime('--with-node', 'Node');
  if (options.withPython && language !== 'python') throw notItsRuntime('--with-python', 'Python');
  const collection = new Collection(
    settings.keep.map((file) => path.posix.normalize(language === undefined ? file : `app/${file}`)),
  );
  const named = projectName(project, settings);
  if (language === undefined) {
    collectBundle(collection, project, settings);
    const { arch, glibc } = { arch: 'any', glibc: '0' };
    return { kind: 'bundle', ...named, collection, arch, glibc, first: [] };
  }
  const started =
    language === 'node'
      ? await nodeProgram(collection, project, settings, options)
      : await pythonProgram(collection, project, settings, options);
  const native = addSharedLibraries(
    collection,
    language === 'node' && started.runtime === undefined ? broughtByNode : [],
  );
  const facts = { ...started, name: named.name, language, libraries: native.carries } as const;
  collection.addText('.pack/start', startScript(facts), 'start');
  collection.addText('.pack/pack.json', manifest(named, language, started.entry, collection), 'start');
  return {
    kind: 'program',
    ...named,
    collection,
    arch: native.arch,
    glibc: native.glibc,
    first: started.first,
  };
}

interface Started {
  readonly entry: string;
  readonly runtime: string | undefined;
  readonly version: string;
  readonly packages: string | undefined;
  readonly before: readonly string[];
  readonly first: readonly string[];
}

async function nodeProgram(
  collection: Collection,
  project: string,
  settings: PackSettings,
  options: CollectOptions,
): Promise<Started> {
  const program = await collectNode(collection, project, settings, options.only);
  const { entry } = program;
  const runtime = options.withNode ? 'runtime/bin/node' : undefined;
  if (runtime !== undefined) {
    const content = strippedElf(readFileSync(process.execPath));
    const owner = `node ${process.versions.node}`;
    collection.add({ kind: 'file', path: runtime, executable: true, size: content.length, content }, owner, [
      process.execPath,
    ]);
  }
  const { before, first } = await addModuleMap(collection, program);
  return { entry, runtime, version: process.versions.node, packages: undefined, before, first };
}

/** Puts the map of modules in, where the program can be followed. */
async function addModuleMap(
  collection: Collection,
  program: NodeProgram,
): Promise<Pick<Started, 'before' | 'first'>> {
  const modules = await moduleGraph(program.source, program.boundary);
  if (!modules) return { before: [], first: [] };
  const map = moduleMap(modules, collection, program.placeOf);
  const [loader, table] = ['.pack/map.cjs', '.pack/modules.json'];
  collection.addText(loader, mapLoader, 'start');
  collection.addText(table, map.text, 'start');
  // The driver reads these into the kernel's cache while Node starts.
  const first = [loader, table, ...map.ahead];
  collection.addText('.pack/ahead', `${first.slice(0, aheadLimit).join('\n')}\n`, 'start');
  return { before: ['--require', mounted(loader)], first: ['.pack/start', '.pack/ahead', ...first] };
}

async function pythonProgram(
  collection: Collection,
  project: string,
  settings: PackSettings,
  options: CollectOptions,
): Promise<Started> {
  const { environment } = settings;
  const python: PythonFacts = pythonFacts(
    environment === undefined ? undefined : path.resolve(project, environment),
  );
  const packages = options.withPython ? `runtime/${python.packagesBelow}` : 'site-packages';
  const entry = collectPython(collection, project, settings, python, packages, options.only);
  const runtime = options.withPython ? collectPythonRuntime(collection, python) : undefined;
  await addCompiledPython(collection, python);
  const found = runtime !== undefined || environment === undefined;
  return {
    entry,
    runtime,
    version: python.version,
    packages: found ? undefined : packages,
    before: [],
    first: [],
  };
}

function collectBundle(collection: Collection, project: string, settings: PackSettings): void {
  const leaveOut = new Set(settings.leaveOut.map((file) => path.join(project, file)));
  const own = path.join(project, 'pack.json');
  const skip = (file: string) => leaveOut.has(file) || file === own;
  for (const file of projectFiles(project, settings))
    addFolder(collection, file, { boundary: project, into: '', owner: 'own', skip });
}

/** What stands in the image about itself: which package each file came with. */
function manifest(
  named: { readonly name: string; readonly version: string },
  language: string,
  entry: string,
  collection: Collection,
): string {
  const owners: Record<string, string[]> = {};
  for (const { entry: file, owner } of collection.files) (owners[owner] ??= []).push(file.path);
  for (const files of Object.values(owners)) files.sort();
  const sorted = Object.fromEntries(Object.entries(owners).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ format: 1, ...named, language, entry, files: sorted })}\n`;
}

function notItsRuntime(option: string, runtime: string): PackError {
  return new PackError(
    'PACK_PROJECT_WRONG',
    `${option} is given, and the entry in pack.json is no program for ${runtime}.`,
  );
}
