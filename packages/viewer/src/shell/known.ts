/** A figure, or nothing where it was not counted. */
export function known(value: number, format: (value: number) => string): string {
  return Number.isNaN(value) ? '' : format(value);
}
