/** What stands before and behind a release, from the earliest to the latest. */
const phases = ['dev', 'a', 'b', 'rc', 'release', 'post'] as const;
type Phase = (typeof phases)[number];

interface Version {
  readonly epoch: bigint;
  readonly release: readonly bigint[];
  /** `['rc', 1]`, several behind one another; none for a release. */
  readonly marks: readonly (readonly [Phase, bigint])[];
  /** Of semantic versions: what follows the first `-`. */
  readonly before: readonly string[] | undefined;
}

/**
 * Orders two versions as npm (`1.2.0-beta.2`) or Python (`1.2rc1`, `1.2.post1`) do. What follows a `+` does not count.
 *
 * @returns below 0, 0 or above it as `a` is earlier, the same or later; `null` where one has no order
 */
export function compareVersions(a: string, b: string): number | null {
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return null;
  return (
    compare(left.epoch, right.epoch) ||
    compareLists(left.release, right.release, 0n, compare) ||
    compareBefore(left.before, right.before) ||
    compareLists(left.marks, right.marks, ['release', 0n], compareMarks)
  );
}

const semantic = /^(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?$/;
const python = /^(?:(\d+)!)?(\d+(?:\.\d+)*)((?:[._-]?(?:a|b|rc|alpha|beta|c|pre|post|dev)[._-]?\d*)+)$/i;

function parse(text: string): Version | undefined {
  const [bare = ''] = text.split('+');
  const plain = bare.replace(/^v(?=\d)/, '');
  const [, released, before] = semantic.exec(plain) ?? [];
  if (released !== undefined)
    return { epoch: 0n, release: numbers(released), marks: [], before: before?.split('.') };
  const [, epoch = '0', release, marks] = python.exec(plain) ?? [];
  if (release === undefined || marks === undefined) return undefined;
  return { epoch: BigInt(epoch), release: numbers(release), marks: marksOf(marks), before: undefined };
}

function numbers(text: string): bigint[] {
  return text.split('.').map(BigInt);
}

function marksOf(text: string): [Phase, bigint][] {
  const names: Readonly<Record<string, Phase>> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc' };
  return [...text.toLowerCase().matchAll(/([a-z]+)[._-]?(\d*)/g)].map(([, name, number]) => [
    names[name!] ?? (name as Phase),
    BigInt(number || '0'),
  ]);
}

/** `1.0.0-beta` comes before `1.0.0`; numbers come before words. */
function compareBefore(a: readonly string[] | undefined, b: readonly string[] | undefined): number {
  if (!a || !b) return (a ? -1 : 0) + (b ? 1 : 0);
  for (let row = 0; row < Math.max(a.length, b.length); row += 1) {
    const [left, right] = [a[row], b[row]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const [leftIsNumber, rightIsNumber] = [/^\d+$/.test(left), /^\d+$/.test(right)];
    if (leftIsNumber !== rightIsNumber) return leftIsNumber ? -1 : 1;
    const difference = leftIsNumber ? compare(BigInt(left), BigInt(right)) : compare(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareMarks(a: readonly [Phase, bigint], b: readonly [Phase, bigint]): number {
  return phases.indexOf(a[0]) - phases.indexOf(b[0]) || compare(a[1], b[1]);
}

function compareLists<T>(
  a: readonly T[],
  b: readonly T[],
  missing: T,
  order: (left: T, right: T) => number,
): number {
  for (let row = 0; row < Math.max(a.length, b.length); row += 1) {
    const difference = order(a[row] ?? missing, b[row] ?? missing);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
