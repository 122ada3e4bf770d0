/** Monotonic microseconds: the same clock as in the measured program. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e3;
}
