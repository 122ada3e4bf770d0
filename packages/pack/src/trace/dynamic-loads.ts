import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Node } from 'acorn';

/** A place that loads what only a run knows. */
export interface DynamicLoad {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** The line of the source, without its indentation. */
  readonly text: string;
}

/** Finds the places in files of JavaScript, TypeScript and Python where a name is loaded that does not stand there. */
export async function dynamicLoads(files: readonly string[]): Promise<DynamicLoad[]> {
  const found = await pythonLoads(files.filter((file) => file.endsWith('.py')));
  for (const file of files)
    if (/\.[mc]?[jt]sx?$/.test(file) && !file.endsWith('.d.ts')) found.push(...(await scriptLoads(file)));
  return found.toSorted((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/** Cheap, and true for each file that may have one: most have none. */
const suspicious = /\b(?:require|import|resolve|Worker|fork)\s*\(\s*(?!['"][^'"]*['"]\s*[,)])/;

async function scriptLoads(file: string): Promise<DynamicLoad[]> {
  const source = readFileSync(file, 'utf8');
  if (!suspicious.test(source)) return [];
  const script = await plainScript(file, source);
  const tree = script && (await parsed(script.code));
  if (!tree) return [];
  const lines = source.split('\n');
  const found = new Map<number, DynamicLoad>();
  for (const node of nodesOf(tree))
    if (isDynamic(node)) {
      const line = script.lineOf(node.loc!.start.line, node.loc!.start.column);
      found.set(line, { file, line, text: (lines[line - 1] ?? '').trim().slice(0, 200) });
    }
  return [...found.values()];
}

interface Script {
  readonly code: string;
  /** The line of the source from where a piece of the code came; both from 1. */
  readonly lineOf: (line: number, column: number) => number;
}

async function plainScript(file: string, source: string): Promise<Script | undefined> {
  if (!/\.[mc]?ts$|\.[jt]sx$/.test(file)) return { code: source, lineOf: (line) => line };
  try {
    const loader = file.endsWith('x') ? 'tsx' : 'ts';
    const { transform } = await import('esbuild');
    const { code, map } = await transform(source, { loader, sourcemap: 'external', logLevel: 'silent' });
    const lines = new SourceMap(JSON.parse(map) as SourceMapPayload);
    return {
      code,
      lineOf: (line, column) => {
        const { originalLine } = lines.findEntry(line - 1, column) as { originalLine?: number };
        return (originalLine ?? 0) + 1;
      },
    };
  } catch {
    // What does not compile did not run either.
    return undefined;
  }
}

async function parsed(code: string): Promise<Node | undefined> {
  const { parse } = await import('acorn');
  for (const sourceType of ['module', 'script'] as const)
    try {
      return parse(code, {
        ecmaVersion: 'latest',
        sourceType,
        locations: true,
        allowHashBang: true,
        allowReturnOutsideFunction: true,
        allowAwaitOutsideFunction: true,
      });
    } catch {
      // The other kind may do.
    }
  return undefined;
}

/** Every node of a tree; no recursion, as generated code nests deeply. */
function* nodesOf(tree: Node): Generator<Node & Readonly<Record<string, unknown>>> {
  const open: unknown[] = [tree];
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    if (Array.isArray(next)) open.push(...(next as unknown[]));
    else if (typeof next === 'object' && next !== null && 'type' in next) {
      yield next as Node & Readonly<Record<string, unknown>>;
      for (const [key, value] of Object.entries(next))
        if (key !== 'loc' && typeof value === 'object' && value !== null) open.push(value);
    }
  }
}

type Expression = Node & {
  readonly name?: string;
  readonly source?: Expression;
  readonly callee?: Expression;
  readonly object?: Expression;
  readonly property?: Expression;
  readonly arguments?: readonly Expression[];
  readonly expressions?: readonly Expression[];
};

/** `require(name)`, `require.resolve(name)`, `import(name)`: what is loaded does not stand there. */
function isDynamic(node: Node): boolean {
  const { type, source, callee, arguments: args } = node as Expression;
  if (type === 'ImportExpression') return !isConstant(source);
  if (type !== 'CallExpression' || !callee || args?.length === 0) return false;
  const isRequire = callee.type === 'Identifier' && callee.name === 'require';
  const isResolve =
    callee.type === 'MemberExpression' &&
    callee.object?.name === 'require' &&
    callee.property?.name === 'resolve';
  return (isRequire || isResolve) && !isConstant(args?.[0]);
}

function isConstant(node: Expression | undefined): boolean {
  return node?.type === 'Literal' || (node?.type === 'TemplateLiteral' && node.expressions?.length === 0);
}

const pythonScript = fileURLToPath(new URL('agents/dynamic_imports.py', import.meta.url));

async function pythonLoads(files: readonly string[]): Promise<DynamicLoad[]> {
  if (files.length === 0) return [];
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(
      'python3',
      ['-I', '-B', '-W', 'ignore', path.resolve(pythonScript)],
      { encoding: 'utf8', maxBuffer: 1 << 28 },
      (error, stdout) => (error ? reject(error) : resolve(stdout)),
    );
    child.stdin!.on('error', reject);
    child.stdin!.end(files.join('\0'));
  });
  const fields = output.split('\0');
  return Array.from({ length: Math.floor(fields.length / 3) }, (_, row) => ({
    file: fields[3 * row]!,
    line: Number(fields[3 * row + 1]),
    text: fields[3 * row + 2]!,
  }));
}
