import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import type { Plugin } from 'esbuild';
import { PackError } from '../pack-error.ts';
import { isBelow, readManifest } from './node-packages.ts';

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
  for (const format of ['esm', 'cjs'] as const) {
    const entries = [...outputs].filter(([, one]) => one.format === format).map(([file]) => file);
    if (entries.length === 0) continue;
    // Most of what a pack is asked for compiles nothing, and must not wait for the compiler.
    const { build } = await import('esbuild');
    const result = await build({
      entryPoints: entries,
      outdir: boundary,
      outbase: boundary,
      absWorkingDir: boundary,
      bundle: true,
      write: false,
      format,
      platform: 'node',
      target: 'node20',
      // Names of functions and classes are seen by programs, and in stacks.
      keepNames: false,
      charset: 'utf8',
      legalComments: 'inline',
      logLevel: 'silent',
      plugins: [leaveImports(outputs, boundary)],
    }).catch((error: unknown) => {
      throw compileError(error);
    });
    const texts = new Map(result.outputFiles.map((one) => [one.path, one.contents]));
    for (const file of entries) {
      const text = texts.get(file.replace(/\.[mc]?tsx?$/, '.js'));
      if (text) compiled.set(file, { file: outputs.get(file)!.output, text });
    }
  }
  return compiled;
}

/** Every import stays an import; one of a compiled file is named as that will be. */
function leaveImports(outputs: ReadonlyMap<string, { readonly output: string }>, boundary: string): Plugin {
  const resolving = Symbol('resolving');
  const places = new Map<string, boolean>();
  const installed = (name: string, from: string): boolean => {
    const key = `${name} ${from}`;
    const known = places.get(key) ?? isInstalled(name, from);
    places.set(key, known);
    return known;
  };
  // Asking esbuild takes a millisecond, and nearly all paths name a file that is compiled here.
  const sourceOf = (file: string): string | undefined =>
    [file, file.replace(/\.([mc]?)js$/, '.$1ts'), `${file}.ts`].find(
      (one) => outputs.has(one) && (one === file || !existsSync(file)),
    );
  return {
    name: 'leave-imports',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind === 'entry-point' || args.pluginData === resolving) return undefined;
        const asItIs = { path: args.path, external: true };
        if (args.path.startsWith('node:') || builtinModules.includes(args.path)) return asItIs;
        const { kind, importer, resolveDir } = args;
        const isPath = /^\.{0,2}\//.test(args.path);
        // A package of the workspace is found by its name, as the others are.
        if (!isPath && (args.path.startsWith('#') || installed(packageOf(args.path), resolveDir)))
          return asItIs;
        let target = isPath ? sourceOf(path.resolve(resolveDir, args.path)) : undefined;
        if (target === undefined) {
          const found = await build.resolve(args.path, { kind, importer, resolveDir, pluginData: resolving });
          if (found.errors.length > 0 || found.external || !path.isAbsolute(found.path)) return asItIs;
          if (!isBelow(found.path, boundary) || found.path.includes('/node_modules/')) return asItIs;
          target = found.path;
        }
        const relative = path.relative(path.dirname(importer), outputs.get(target)?.output ?? target);
        return { path: relative.startsWith('../') ? relative : `./${relative}`, external: true };
      });
    },
  };
}

function packageOf(specifier: string): string {
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
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
