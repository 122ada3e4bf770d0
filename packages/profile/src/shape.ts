/** Says what is wrong with a value read from JSON, or nothing if it is as expected. */
export type Shape = (value: unknown, path: string) => string | undefined;

const expected = (path: string, what: string) => `expected ${what} at ${path}`;

export const text: Shape = (value, path) =>
  typeof value === 'string' ? undefined : expected(path, 'a text');

/** JSON's `1e999` is read as infinity. */
export const figure: Shape = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? undefined : expected(path, 'a finite number');

export const whole =
  (least: number, most: number): Shape =>
  (value, path) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : expected(path, `a whole number from ${least} to ${most}`);

export const flag: Shape = (value, path) =>
  typeof value === 'boolean' ? undefined : expected(path, 'true or false');

export const oneOf =
  (...words: readonly string[]): Shape =>
  (value, path) =>
    words.includes(value as string) ? undefined : expected(path, `one of ${words.join(', ')}`);

export const orNull =
  (shape: Shape): Shape =>
  (value, path) =>
    value === null ? undefined : shape(value, path);

export const listOf =
  (shape: Shape): Shape =>
  (value, path) => {
    if (!Array.isArray(value)) return expected(path, 'a list');
    for (let i = 0; i < value.length; i++) {
      const wrong = shape(value[i], `${path}[${i}]`);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };

/** An object with at least these fields; others, from newer versions, are let through. */
export const fields =
  (shapes: Readonly<Record<string, Shape>>): Shape =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return expected(path, 'an object');
    for (const [name, shape] of Object.entries(shapes)) {
      const wrong = Object.hasOwn(value, name)
        ? shape((value as Record<string, unknown>)[name], `${path}.${name}`)
        : expected(`${path}.${name}`, 'a value');
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  };
