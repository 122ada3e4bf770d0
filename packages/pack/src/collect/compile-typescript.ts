import { existsSync, readFileSync, statSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { PackError } from '../pack-error.ts';
import { isBelow, readManifest } from './node-packages.ts';
import { type Specifier, specifiersIn } from './specifiers.ts';

/** A file of TypeScript and what became of it. */
export interface Compiled {
  /** Absolute; nothing is written there. */
  readonly file: string;
  readonly text: Uint8Array;
}

type Format = 'esm' | 'cjs';

/** True for what is compiled: TypeScript, but no declarations. */
export function isTypeScript(file: string): boolean {
  return /\.[mc]?tsx?$/.test(file) && !isDeclaration(file);
}

/** True for a file with types alone. */
export function isDeclaration(file: string): boolean {
  return /\.d\.[mc]?ts$/.test(file);
}

/**
 * Compiles each file of TypeScript to one of JavaScript beside it, with what it imports named as it will then be.
 *
 * Not one bundle: `import.meta.url`, workers and data files find what they found.
 *
 * @param files absolute
 * @returns by the file of TypeScript
 * @throws {@link PackError} `PACK_PROJECT_WRONG` with file and line where one does not compile
 */
export async function compileTypeScript(
  files: readonly string[],
  boundary: string,
): Promise<Map<string, Compiled>> {
  const compiled = new Map<string, Compiled>();
  const outputs = new Map<string, { output: string; format: Format }>();
  const undecided = foldersOfModules(files);
  for (const file of files) {
    const format = formatOf(file, undecided);
    const output = outputOf(file, format);
    // Built beside the source: what Node would load is that.
    if (!existsSync(output)) outputs.set(file, { output, format });
  }
  const names = new ImportNames(outputs, boundary);
  const texts: { readonly source: string; readonly output: string; text: string; found: Specifier[] }[] = [];
  for (const format of ['esm', 'cjs'] as const) {
    const sources = [...outputs].filter(([, one]) => one.format === format).map(([file]) => file);
    for (const [source, text] of await compiledTexts(sources, format, boundary)) {
      const found = await specifiersIn(text, format === 'esm' ? 'module' : 'script');
      texts.push({ source, output: outputs.get(source)!.output, text, found });
      for (const { name, kind } of found) names.ask(name, kind, path.dirname(source));
    }
  }
  await names.answer();
  for (const { source, output, text, found } of texts) {
    const folder = path.dirname(source);
    const renamed = found.toReversed().reduce((before, { name, kind, start, end }) => {
      const then = names.nameOf(name, kind, folder);
      return then === name ? before : before.slice(0, start) + JSON.stringify(then) + before.slice(end);
    }, text);
    compiled.set(source, { file: output, text: Buffer.from(renamed) });
  }
  return compiled;
}

/** So many files at once: esbuild makes a table of all files of a call for each of them. */
const atOnce = 64;

/** What each file becomes, by file. */
async function compiledTexts(
  files: readonly string[],
  format: Format,
  boundary: string,
): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  if (files.length === 0) return texts;
  // Most of what a pack is asked for compiles nothing, and must not wait for the compiler.
  const { build } = await import('esbuild');
  const batches = Array.from({ length: Math.ceil(files.length / atOnce) }, (_, row) =>
    files.slice(row * atOnce, (row + 1) * atOnce),
  );
  const compileBatch = async (batch: readonly string[]): Promise<void> => {
    const { outputFiles } = await build({
      // Names that differ: a.ts and a.mts become files of one name otherwise.
      entryPoints: batch.map((file, row) => ({ in: file, out: String(row) })),
      outdir: boundary,
      absWorkingDir: boundary,
      write: false,
      format,
      platform: 'node',
      target: 'node20',
      charset: 'utf8',
      legalComments: 'inline',
      logLevel: 'silent',
    });
    for (const { path: out, text } of outputFiles)
      texts.set(batch[Number.parseInt(path.basename(out), 10)]!, text);
  };
  // In their order: of several files that do not compile the first is named.
  const results = await Promise.allSettled(batches.map(compileBatch));
  for (const result of results) if (result.status === 'rejected') throw compileError(result.reason);
  return new Map(files.map((file) => [file, texts.get(file)!]));
}

/** How what a file imports is named once all is compiled. Most is known at once; esbuild is asked for the rest, in one call. */
class ImportNames {
  readonly #outputs: ReadonlyMap<string, { readonly output: string }>;
  readonly #boundary: string;
  readonly #targets = new Map<string, string | undefined>();
  readonly #installed = new Map<string, boolean>();
  readonly #open = new Map<string, { name: string; kind: Specifier['kind']; folder: string }>();

  constructor(outputs: ReadonlyMap<string, { readonly output: string }>, boundary: string) {
    this.#outputs = outputs;
    this.#boundary = boundary;
  }

  ask(name: string, kind: Specifier['kind'], folder: string): void {
    const key = keyOf(name, kind, folder);
    if (this.#targets.has(key) || this.#open.has(key) || !this.#mayChange(name, folder)) return;
    const file = path.resolve(folder, name);
    const source = isPath(name) ? this.#sourceOf(file) : undefined;
    if (source !== undefined) this.#targets.set(key, source);
    else if (!isPath(name) || !isFile(file)) this.#open.set(key, { name, kind, folder });
  }

  /** Resolves as esbuild does what is no plain path: aliases of tsconfig.json, folders, endings left away. */
  async answer(): Promise<void> {
    if (this.#open.size === 0) return;
    const { build } = await import('esbuild');
    await build({
      stdin: { contents: '' },
      absWorkingDir: this.#boundary,
      bundle: true,
      write: false,
      platform: 'node',
      logLevel: 'silent',
      plugins: [
        {
          name: 'import-names',
          setup: ({ onStart, resolve }) =>
            onStart(async () => {
              await Promise.all(
                [...this.#open].map(async ([key, { name, kind, folder }]) => {
                  const found = await resolve(name, { kind, resolveDir: folder });
                  const isOurs =
                    found.errors.length === 0 &&
                    !found.external &&
                    path.isAbsolute(found.path) &&
                    isBelow(found.path, this.#boundary) &&
                    !found.path.includes('/node_modules/');
                  this.#targets.set(key, isOurs ? found.path : undefined);
                }),
              );
            }),
        },
      ],
    });
    this.#open.clear();
  }

  /** After {@link answer}. */
  nameOf(name: string, kind: Specifier['kind'], folder: string): string {
    const target = this.#targets.get(keyOf(name, kind, folder));
    if (target === undefined) return name;
    const relative = path.relative(folder, this.#outputs.get(target)?.output ?? target);
    return relative.startsWith('../') ? relative : `./${relative}`;
  }

  /** A package of the workspace is found by its name, as the others are. */
  #mayChange(name: string, folder: string): boolean {
    if (isPath(name)) return true;
    if (name.startsWith('#') || name.startsWith('node:') || builtinModules.includes(name)) return false;
    const packageName = /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name;
    const key = `${packageName} ${folder}`;
    const known = this.#installed.get(key) ?? isInstalled(packageName, folder);
    this.#installed.set(key, known);
    return !known;
  }

  #sourceOf(file: string): string | undefined {
    return [file, file.replace(/\.([mc]?)js$/, '.$1ts'), `${file}.ts`].find(
      (one) => this.#outputs.has(one) && (one === file || !existsSync(file)),
    );
  }
}

function keyOf(name: string, kind: Specifier['kind'], folder: string): string {
  return `${kind} ${name} ${folder}`;
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
}

function isPath(name: string): boolean {
  return /^(?:\.{1,2}(?:\/|$)|\/)/.test(name);
}

function isInstalled(name: string, from: string): boolean {
  for (let folder = from; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'node_modules', name))) return true;
    if (folder === path.dirname(folder)) return false;
  }
}

function outputOf(file: string, format: Format): string {
  const bare = file.replace(/\.[mc]?tsx?$/, '');
  if (/\.mtsx?$/.test(file)) return `${bare}.mjs`;
  if (/\.ctsx?$/.test(file)) return `${bare}.cjs`;
  // Without "type" Node takes .js for CommonJS, or looks twice.
  return format === 'esm' && typeOf(file).type !== 'module' ? `${bare}.mjs` : `${bare}.js`;
}

function formatOf(file: string, undecided: ReadonlySet<string>): Format {
  if (/\.mtsx?$/.test(file)) return 'esm';
  if (/\.ctsx?$/.test(file)) return 'cjs';
  const { folder, type } = typeOf(file);
  if (type !== undefined) return type === 'module' ? 'esm' : 'cjs';
  return undecided.has(folder) ? 'esm' : 'cjs';
}

/** Folders of packages without "type" whose files need modules: CommonJS has no `import.meta`. */
function foldersOfModules(files: readonly string[]): Set<string> {
  const folders = new Set<string>();
  for (const file of files) {
    const { folder, type } = typeOf(file);
    if (
      type === undefined &&
      !folders.has(folder) &&
      /\bimport\.meta\b|^(?:const .*= |let .*= )?await\b/m.test(readFileSync(file, 'utf8'))
    )
      folders.add(folder);
  }
  return folders;
}

function typeOf(file: string): { readonly folder: string; readonly type: unknown } {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const manifest = readManifest(folder);
    if (manifest || folder === path.dirname(folder)) return { folder, type: manifest?.type };
  }
}

function compileError(error: unknown): unknown {
  const [first] =
    (error as { errors?: { text: string; location: { file: string; line: number } | null }[] }).errors ?? [];
  if (!first) return error;
  const place = first.location ? `${first.location.file}:${first.location.line}: ` : '';
  return new PackError('PACK_PROJECT_WRONG', `${place}${first.text}`, { cause: error });
}
