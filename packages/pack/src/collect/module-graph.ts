import path from 'node:path';
import type { Metafile } from 'esbuild';

/** A module that a program reaches from its entry, by imports that stand in the source. */
export interface Module {
  /** Absolute. */
  readonly file: string;
  /** What its syntax is; undefined for JSON and the like. */
  readonly format: 'cjs' | 'esm' | undefined;
  readonly imports: readonly ModuleImport[];
}

export interface ModuleImport {
  /** As it stands in the source. */
  readonly specifier: string;
  readonly kind: 'import' | 'require';
  /** Absolute. */
  readonly file: string;
}

/**
 * Follows a program from its entry, in the order in which it loads.
 *
 * What is imported by a computed name is not seen. A program that esbuild cannot follow has no graph: it is only
 * slower without.
 */
export async function moduleGraph(entry: string, boundary: string): Promise<readonly Module[] | undefined> {
  const metafile = await metafileOf(entry, boundary);
  if (!metafile) return undefined;
  const modules: Module[] = [];
  const seen = new Set<string>();
  const open = [path.relative(boundary, entry)];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const input = metafile.inputs[name];
    if (!input || seen.has(name)) continue;
    seen.add(name);
    const inside = input.imports.filter(
      ({ external, path: to }) => external !== true && to in metafile.inputs,
    );
    modules.push({
      file: path.join(boundary, name),
      format: input.format,
      imports: inside.map(({ path: to, kind, original }) => ({
        specifier: original ?? '',
        kind: kind === 'require-call' || kind === 'require-resolve' ? 'require' : 'import',
        file: path.join(boundary, to),
      })),
    });
    open.push(...inside.map(({ path: to }) => to).toReversed());
  }
  return modules;
}

/** A program names at most so many kinds of things that are not there, or are no JavaScript. */
const attempts = 6;

/** What esbuild met on its way; what ended the way is passed by at the next attempt. */
async function metafileOf(entry: string, boundary: string): Promise<Metafile | undefined> {
  const external = new Set<string>();
  const loader: Record<string, 'empty'> = { '.node': 'empty', '.wasm': 'empty' };
  for (let attempt = 0; attempt < attempts; attempt += 1)
    try {
      const { build } = await import('esbuild');
      const { metafile } = await build({
        entryPoints: [entry],
        absWorkingDir: boundary,
        outdir: boundary,
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'node',
        target: 'esnext',
        ignoreAnnotations: true,
        minify: true,
        logLevel: 'silent',
        logLimit: 0,
        external: [...external],
        loader,
      });
      return metafile;
    } catch (error) {
      const before = external.size + Object.keys(loader).length;
      for (const { text } of (error as { errors?: { text: string }[] }).errors ?? []) {
        const [, missing] = /^Could not resolve "([^"*]+)"/.exec(text) ?? [];
        const [, ending] = /^No loader is configured for "([^"]+)" files/.exec(text) ?? [];
        if (missing !== undefined) external.add(missing);
        if (ending !== undefined) loader[ending] = 'empty';
      }
      if (external.size + Object.keys(loader).length === before) return undefined;
    }
  return undefined;
}
