import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { isBelow } from './node-packages.ts';

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
  let metafile: Metafile;
  try {
    const result = await build({
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
      logLevel: 'silent',
      plugins: [followModules(boundary)],
    });
    metafile = result.metafile;
  } catch {
    return undefined;
  }
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

/** Nothing that is missing, or no JavaScript, ends the search. */
function followModules(boundary: string): Plugin {
  const resolving = Symbol('resolving');
  return {
    name: 'follow-modules',
    setup(build) {
      build.onResolve({ filter: /.*/ }, async (args) => {
        if (args.kind === 'entry-point' || args.pluginData === resolving) return undefined;
        const { kind, importer, resolveDir } = args;
        const found = await build.resolve(args.path, { kind, importer, resolveDir, pluginData: resolving });
        if (found.errors.length > 0 || found.external || !isBelow(found.path, boundary))
          return { path: args.path, external: true };
        return { path: found.path };
      });
      build.onLoad({ filter: /.*/ }, ({ path: file }) =>
        /\.(?:[mc]?[jt]sx?|json)$/.test(file) ? undefined : { contents: '', loader: 'empty' },
      );
    },
  };
}
