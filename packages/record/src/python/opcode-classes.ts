import { opcodes311 } from './opcode-classes-3.11.ts';
import { opcodes312 } from './opcode-classes-3.12.ts';
import { opcodes313 } from './opcode-classes-3.13.ts';
import { opcodes314 } from './opcode-classes-3.14.ts';

/** What the interpreter does in an instruction; `scripts/opcode-classes.py` says which belong to each. */
export const workClasses = [
  'calls',
  'attributes',
  'globals',
  'arithmetic',
  'iteration',
  'containers',
  'control',
  'other',
] as const;
export type WorkClass = (typeof workClasses)[number];

/**
 * Whether the interpreter has found one type at this place and runs the form made for it (`specialised`),
 * runs the form for every type (`generic`), or has one form only (`neither`).
 *
 * A generic instruction is not always one that saw many types: `%`, `/` and `//` have no other form.
 */
export type OpcodeForm = 'specialised' | 'generic' | 'neither';

/** Number, as it stands in the bytecode that runs; name, as `dis` has it; class; form. */
export type OpcodeRow = readonly [number: number, name: string, work: WorkClass, form: OpcodeForm];

/** What an instruction is. */
export interface OpcodeClass {
  readonly name: string;
  readonly work: WorkClass;
  readonly form: OpcodeForm;
}

const tables: ReadonlyMap<string, readonly OpcodeRow[]> = new Map([
  ['3.11', opcodes311],
  ['3.12', opcodes312],
  ['3.13', opcodes313],
  ['3.14', opcodes314],
]);

/** By version, 256 entries each, made when first asked for. */
const classes = new Map<string, readonly (OpcodeClass | undefined)[]>();

/**
 * What an instruction of a version is (`3.11`, or longer: `3.11.7`), by the byte that stands in the running code.
 *
 * `undefined` where the version is not known or has no such instruction.
 */
export function opcodeClass(version: string, opcode: number): OpcodeClass | undefined {
  const minor = /^\d+\.\d+/.exec(version)?.[0] ?? '';
  let known = classes.get(minor);
  if (known === undefined) {
    const filled: (OpcodeClass | undefined)[] = Array.from({ length: 256 });
    for (const [number, name, work, form] of tables.get(minor) ?? []) filled[number] = { name, work, form };
    known = filled;
    classes.set(minor, known);
  }
  return known[opcode];
}
