import { didYouMean } from '@whetstone/hooks';
import { UsageError } from './usage-error.ts';

/** One option of a command: what it takes decides how its value is read. */
export interface Option {
  readonly name: string;
  readonly short?: string;
  /** What stands for the value in the help text; an option without one is a switch. */
  readonly value?: string;
  /** The value may be left out; it then stands behind `=` alone. */
  readonly optional?: boolean;
  /** Reads the value; throws a {@link UsageError} that says what is allowed. */
  readonly read?: (text: string, name: string) => unknown;
  /** The values that a shell may offer. */
  readonly choices?: readonly string[];
  /** Plugins may bring more choices: who reads the option checks it, by {@link checkChoice}. */
  readonly more?: boolean;
  /** May stand more than once. */
  readonly many?: boolean;
  readonly help: string;
}

/** Options by name, and what is left of the command line. */
export interface Parsed {
  readonly options: ReadonlyMap<string, unknown>;
  readonly rest: readonly string[];
}

/**
 * Reads the options at the start of a command line.
 *
 * With `stopAtFirst` the first argument that is no option ends ours: it is the program, and all that
 * follows is the program's own. `--` ends them too, and so do `-m` and `-c`, which begin a program of Python.
 *
 * @throws {@link UsageError} that names the argument and what was probably meant
 */
export function parseOptions(
  args: readonly string[],
  known: readonly Option[],
  { stopAtFirst }: { stopAtFirst: boolean },
): Parsed {
  const options = new Map<string, unknown>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (argument === '--') {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!argument.startsWith('-') || argument === '-' || (stopAtFirst && /^-[mc]$/.test(argument))) {
      if (stopAtFirst) {
        rest.push(...args.slice(i));
        break;
      }
      rest.push(argument);
      continue;
    }
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const name = equals < 0 ? argument : argument.slice(0, equals);
    const option = known.find(
      (o) => name === `--${o.name}` || (o.short !== undefined && name === `-${o.short}`),
    );
    if (!option)
      throw new UsageError(
        `no option '${name}'.${didYouMean(
          name,
          known.map((o) => `--${o.name}`),
        )}`,
      );
    if (option.value === undefined || (option.optional === true && equals < 0)) {
      if (equals >= 0)
        throw new UsageError(`${name} takes no value, and was given '${argument.slice(equals + 1)}'.`);
      options.set(option.name, true);
      continue;
    }
    const text = equals >= 0 ? argument.slice(equals + 1) : args[++i];
    if (text === undefined) throw new UsageError(`${name} needs a value: ${name} ${option.value}.`);
    if (option.choices && !option.more) checkChoice(name, text, option.choices);
    const value = option.read ? option.read(text, name) : text;
    options.set(
      option.name,
      option.many ? [...((options.get(option.name) as unknown[]) ?? []), value] : value,
    );
  }
  return { options, rest };
}

/** @throws {@link UsageError} that names the choices and what was probably meant */
export function checkChoice(name: string, text: string, choices: readonly string[]): void {
  if (choices.includes(text)) return;
  throw new UsageError(`${name} is '${text}', and can be ${choices.join(', ')}.${didYouMean(text, choices)}`);
}

const units: Readonly<Record<string, number>> = { us: 1, µs: 1, ms: 1000, s: 1e6, m: 60e6, h: 3600e6 };

/** Reads `250us`, `1ms`, `30s`, `5m`; returns microseconds. A bare number counts in `unit`. */
export function readDuration(unit: 'us' | 's'): (text: string, name: string) => number {
  return (text, name) => {
    const match = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)?$/.exec(text);
    const value = match ? Number(match[1]) * units[match[2] ?? unit]! : Number.NaN;
    if (!(value > 0)) {
      throw new UsageError(
        `${name} is '${text}', and takes a time above 0 such as ${unit === 's' ? '30s or 5m' : '250us or 1ms'}.`,
      );
    }
    return value;
  };
}

/** Reads a whole number of at least 1. */
export function readCount(text: string, name: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1)
    throw new UsageError(`${name} is '${text}', and takes a whole number above 0.`);
  return value;
}
