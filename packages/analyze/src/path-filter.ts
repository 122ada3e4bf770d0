/**
 * Which files are shown: those that match one of `include` (all, where it is empty) and none of
 * `exclude`. A pattern is a path or the beginning of one, up to a separator (`src/parse`
 * is not `src/parser.ts`), or has stars: `*` within a name, `**` across folders.
 */
export function pathFilter(
  include: readonly string[],
  exclude: readonly string[],
): (file: string) => boolean {
  const included = include.map(matcher);
  const excluded = exclude.map(matcher);
  return (file) =>
    (included.length === 0 || included.some((matches) => matches(file))) &&
    !excluded.some((matches) => matches(file));
}

function matcher(pattern: string): (file: string) => boolean {
  const clean = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  if (!/[*?]/.test(clean)) {
    // A folder's name alone means it wherever it stands: `node_modules`.
    return (file) => {
      const path = file.replaceAll('\\', '/');
      return path === clean || path.startsWith(`${clean}/`) || `/${path}/`.includes(`/${clean}/`);
    };
  }
  const source = clean.replace(/\*\*\/?|\*|\?|[\\^$.|+()[\]{}]/g, (part) => {
    if (part.startsWith('**')) return part.endsWith('/') ? '(?:.*/)?' : '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
  const whole = new RegExp(`^${source}$`);
  return (file) => whole.test(file.replaceAll('\\', '/'));
}
