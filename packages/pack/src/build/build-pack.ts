import { realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Collection, LeftOut } from '../collect/collection.ts';
import { projectBoundary } from '../collect/node-packages.ts';
import type { PackHeader } from '../file/header.ts';
import { writePack } from '../file/write-pack.ts';
import { collectionInventory, isConspicuous } from '../inventory/inventory.ts';
import { PackError } from '../pack-error.ts';
import { BlockCache } from '../squashfs/block-cache.ts';
import { driverFile } from '../start/driver-file.ts';
import { headerScript } from '../start/header-script.ts';
import { readSettings } from '../settings.ts';
import { type Trace, traceRun } from '../trace/trace-run.ts';
import { type CollectOptions, collectProject, type Project } from './collect-project.ts';

/** What {@link buildPack} takes. */
export interface BuildOptions extends CollectOptions {
  /** Where the pack goes. */
  readonly out: string;
  /** Of zstd, 1 to 22. Default 15; with a carried runtime 19, which is compressed once, and kept: it takes twice the time. */
  readonly level?: number;
  /** Refuse files that nothing declared, whose content differs from what was declared, or that could not be compared. */
  readonly strict?: boolean;
  /** A command, run in the folder: of dependencies only what it loads goes in. */
  readonly trace?: string;
  /** Called with what is under way, and the bytes of content done and in all. */
  readonly progress?: (step: 'collect' | 'compress', done: number, total: number) => void;
}

/** What was built, for people. */
export interface BuildReport {
  readonly header: PackHeader;
  /** Bytes of the pack. */
  readonly size: number;
  /** Files, links and folders in it. */
  readonly entries: number;
  /** Bytes of their contents. */
  readonly content: number;
  /** By package, the largest first. */
  readonly packages: readonly { readonly name: string; readonly bytes: number; readonly files: number }[];
  /** The ten largest files. */
  readonly largest: readonly { readonly path: string; readonly bytes: number }[];
  readonly leftOut: readonly LeftOut[];
  /** What may not work, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Packs the project of a folder, as its pack.json says.
 *
 * @throws {@link PackError}
 */
export async function buildPack(folder: string, options: BuildOptions): Promise<BuildReport> {
  const { progress } = options;
  progress?.('collect', 0, 0);
  const traced = options.trace === undefined ? undefined : await tracedRun(options.trace, folder);
  const project = await collectProject(folder, {
    ...options,
    ...(traced ? { only: new Set(traced.files) } : {}),
  });
  if (options.strict) await checkDeclared(folder, project);
  const { collection, kind, name, version, arch, glibc } = project;
  if (traced) tellOfDynamicLoads(collection, traced, folder);
  const entries = collection.files.map(({ entry }) => entry);
  const sizes = collection.files.map(({ entry, owner }) => ({
    path: entry.path,
    owner,
    bytes: entry.kind === 'file' ? entry.size : 0,
  }));
  const content = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const driver = await driverFile();
  if (!driver)
    collection.warnings.push(
      "It carries no driver, and starts by 'whetstone pack run' alone: packages/pack/driver/build.sh makes it.",
    );
  const carriesRuntime = options.withNode === true || options.withPython === true;
  const header = await writePack(options.out, {
    kind,
    name,
    version,
    arch,
    glibc,
    entries,
    first: project.first,
    script: headerScript(),
    driver: driver ?? new Uint8Array(0),
    level: options.level ?? (carriesRuntime ? 19 : 15),
    ...(carriesRuntime ? { blockSize: runtimeBlockSize } : {}),
    cache: new BlockCache(path.join(cacheFolder(), 'blocks')),
    progress: (done) => progress?.('compress', done, content),
  });
  const packages = new Map<string, { bytes: number; files: number }>();
  for (const { owner, bytes } of sizes) {
    const sum = packages.get(owner) ?? { bytes: 0, files: 0 };
    packages.set(owner, { bytes: sum.bytes + bytes, files: sum.files + 1 });
  }
  return {
    header,
    size: statSync(options.out).size,
    entries: entries.length,
    content,
    packages: [...packages].map(([of, sum]) => ({ name: of, ...sum })).sort((a, b) => b.bytes - a.bytes),
    largest: sizes
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, 10)
      .map(({ path: file, bytes }) => ({ path: file, bytes })),
    leftOut: collection.leftOut,
    warnings: collection.warnings,
  };
}

async function tracedRun(command: string, folder: string): Promise<Trace> {
  const project = realpathSync(folder);
  const { environment } = readSettings(folder);
  const within = [projectBoundary(project)];
  if (environment !== undefined) within.push(path.resolve(project, environment));
  return await traceRun(command, project, within);
}

/** The tools of a test load much that does not go in: only what does is told of. */
function tellOfDynamicLoads(collection: Collection, traced: Trace, folder: string): void {
  const packed = new Set(
    collection.files.map(({ entry }) => (entry.kind === 'file' ? entry.content : undefined)),
  );
  for (const { file, line, text } of traced.dynamic)
    if (packed.has(file))
      collection.warnings.push(
        `${path.relative(realpathSync(folder), file)}:${line} loads what only a run knows, and the trace may have missed it: ${text}`,
      );
}

/**
 * Bytes of a block where a runtime is carried: twice the usual. Of 40 MB with Node 26 it saves 1.4 MB; the first start
 * takes a sixth longer, a start from the mount as long.
 */
const runtimeBlockSize = 262_144;

/** How many files a refusal names. */
const namedFiles = 5;

async function checkDeclared(folder: string, { collection, kind }: Project): Promise<void> {
  const rows = await collectionInventory(collection.files, folder, kind);
  const conspicuous = rows.filter((row) => isConspicuous(row));
  if (conspicuous.length === 0) return;
  const named = conspicuous.slice(0, namedFiles).map(({ path: at, status }) => `${at} (${status})`);
  const more = conspicuous.length - named.length;
  throw new PackError(
    'PACK_FILE_UNDECLARED',
    `Of the files that would go in, these are not what anybody declared: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}. Nothing was written. All of them, with reasons: whetstone pack inventory ${folder}`,
  );
}

/** Where what is kept between builds stands. */
function cacheFolder(): string {
  const given = process.env['XDG_CACHE_HOME'];
  const base = given !== undefined && path.isAbsolute(given) ? given : path.join(homedir(), '.cache');
  return path.join(base, 'whetstone', 'pack');
}
