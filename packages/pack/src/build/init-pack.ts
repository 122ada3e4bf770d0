import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isNodeEntry } from '../collect/collect-node.ts';
import { readManifest } from '../collect/node-packages.ts';
import { PackError } from '../pack-error.ts';

/** What {@link initPack} found; written as pack.json. */
export interface FoundSettings {
  readonly entry?: string;
  readonly files: readonly string[];
  readonly environment?: string;
}

/** Where programs begin, if nothing says it: the first that exists. */
const usualEntries = [
  'src/main',
  'src/index',
  'src/server',
  'src/cli',
  'src/app',
  'main',
  'index',
  'server',
  'cli',
  'app',
].flatMap((file) => ['.ts', '.mts', '.js', '.mjs', '.cjs'].map((ending) => file + ending));
const usualPythonEntries = [
  'main.py',
  'app.py',
  'cli.py',
  'server.py',
  '__main__.py',
  'src/main.py',
  'manage.py',
];

/** What a program does not need to run. */
const notForRunning =
  /^(?:node_modules|tests?|__tests__|spec|e2e|docs?|coverage|bench|benchmarks|examples|__pycache__|.*\.egg-info|build|.*\.wpk|pack\.json|package-lock\.json|yarn\.lock|pnpm-lock\.yaml|tsconfig.*\.json|.*\.md|.*\.lock|.*\.log|.*\.tsbuildinfo|LICEN[CS]E.*|Makefile|Dockerfile.*|(?:vite|vitest|jest|eslint|prettier)\.config\..*|requirements.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|uv\.lock|poetry\.lock|tox\.ini|noxfile\.py|conftest\.py)$/i;

/**
 * Looks at a project and writes the pack.json for it. It asks nothing.
 *
 * @returns what it wrote
 * @throws {@link PackError} `PACK_PROJECT_WRONG` where there is one already
 */
export function initPack(folder: string): FoundSettings {
  const file = path.join(folder, 'pack.json');
  if (existsSync(file))
    throw new PackError('PACK_PROJECT_WRONG', `${file} exists: change it, or remove it first.`);
  const found = findSettings(folder);
  writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`);
  return found;
}

function findSettings(folder: string): FoundSettings {
  const has = (name: string) => existsSync(path.join(folder, name));
  const isPython =
    !has('package.json') &&
    (has('pyproject.toml') || has('requirements.txt') || usualPythonEntries.some(has));
  const entry = isPython ? pythonEntry(folder) : nodeEntry(folder);
  const environment = ['.venv', 'venv', 'env'].find((name) => has(path.join(name, 'pyvenv.cfg')));
  const files = readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && !notForRunning.test(name) && name !== environment)
    .map(({ name }) => name)
    .sort();
  return {
    ...(entry === undefined ? {} : { entry }),
    files,
    ...(environment !== undefined && entry?.endsWith('.py') ? { environment } : {}),
  };
}

function nodeEntry(folder: string): string | undefined {
  const manifest = readManifest(folder) as
    | { main?: unknown; bin?: unknown; scripts?: { start?: unknown } }
    | undefined;
  const { main, bin, scripts } = manifest ?? {};
  const [, started] =
    /\bnode\s+(?:-\S+\s+)*(\S+)/.exec(typeof scripts?.start === 'string' ? scripts.start : '') ?? [];
  const programs = typeof bin === 'object' && bin !== null ? Object.values(bin) : [bin];
  const named = [started, ...programs, main].filter((one): one is string => typeof one === 'string');
  return [...named, ...usualEntries]
    .map((file) => path.normalize(file))
    .find((file) => isNodeEntry(file) && isFile(path.join(folder, file)));
}

function pythonEntry(folder: string): string | undefined {
  const usual = usualPythonEntries.find((file) => isFile(path.join(folder, file)));
  if (usual !== undefined) return usual;
  const packaged = readdirSync(folder).map((name) => path.join(name, '__main__.py'));
  const own = packaged.find((file) => isFile(path.join(folder, file)));
  if (own !== undefined) return own;
  return readdirSync(folder).find(
    (name) => name.endsWith('.py') && /^if __name__ ==/m.test(readFileSync(path.join(folder, name), 'utf8')),
  );
}

function isFile(file: string): boolean {
  return existsSync(file) && statSync(file).isFile();
}
