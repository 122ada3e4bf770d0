/**
 * Throws for an argument that cannot be meant: names it, its value and what is allowed.
 *
 * @throws `RangeError` for a number, `TypeError` for anything else
 */
export function refuse(name: string, value: unknown, allowed: string): never {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value);
  const Refusal = typeof value === 'number' ? RangeError : TypeError;
  throw new Refusal(`${name} is ${shown}; allowed: ${allowed}`);
}
