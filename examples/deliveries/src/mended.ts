/** The faults of this program, by name; `--mend name,…` runs the mended version of each. */
export const faults = [
  'waiting',
  'hot-line',
  'collector',
  'calls',
  'blocked',
  'start-up',
  'deoptimised',
] as const;
export type Fault = (typeof faults)[number];

const at = process.argv.indexOf('--mend');
const given = at < 0 ? [] : (process.argv[at + 1] ?? '').split(',');
const unknown = given.find((name) => name !== 'all' && !faults.includes(name as Fault));
if (unknown !== undefined) {
  process.stderr.write(`deliveries: no fault '${unknown}'. The faults are ${faults.join(', ')}, or all.\n`);
  process.exit(2);
}

/** True where the user asked for this fault to be mended. */
export function mended(fault: Fault): boolean {
  return given.includes(fault) || given.includes('all');
}
