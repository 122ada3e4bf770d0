/** Those of Node for an `import`, whichever of its versions. */
const CONDITIONS: ReadonlySet<string> = new Set(['node', 'import', 'module-sync', 'node-addons', 'default']);

/**
 * What a package's `exports` give for an import of its name alone, relative to the package; undefined for nothing.
 * Node resolves so only from within a module of the project, and discovery has none there.
 *
 * @see https://nodejs.org/api/esm.html#resolution-algorithm-specification
 */
export function importTarget(exported: unknown): string | undefined {
  const isMap = isObject(exported) && Object.keys(exported).some((key) => key.startsWith('.'));
  return target(isMap ? exported['.'] : exported) ?? undefined;
}

/** Null excludes, and what comes after it does not count; undefined leaves it to what comes after. */
function target(exported: unknown): string | null | undefined {
  if (exported === null) return null;
  if (typeof exported === 'string') return exported.startsWith('./') ? exported : undefined;
  if (Array.isArray(exported)) return firstOf(exported);
  if (!isObject(exported)) return undefined;
  const conditions = Object.keys(exported).filter((key) => CONDITIONS.has(key));
  return firstOf(conditions.map((key) => exported[key]));
}

function firstOf(choices: readonly unknown[]): string | null | undefined {
  for (const choice of choices) {
    const found = target(choice);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
