import { pythonCategory, type ProfileBuilder } from '@whetstone/profile';
import path from 'node:path';
import type { RawPython } from './raw-python.ts';

/** What the profile has for every row of {@link RawPython.stacks}. */
export interface PythonStacks {
  /** Rows of the call paths. */
  readonly node: Int32Array;
  /** 1 where the program itself has begun: what is before is the interpreter's. */
  readonly begun: Uint8Array;
  /** 1 where modules are found, read, compiled and run that are not the program's own. */
  readonly loading: Uint8Array;
  /**
   * Row of the stack that a wait is charged to, and the line there: the innermost frame that is no part of the
   * standard library, for that is what people can change. A stack of the library alone is its own, with line 0.
   */
  readonly asker: Int32Array;
  readonly askerLine: Int32Array;
  /** Every file that was seen, with a path of its own. */
  readonly files: ReadonlySet<string>;
}

/**
 * Adds every call path that was seen to the profile.
 *
 * @param workingDirectory what the file of the program is relative to, if it is relative
 */
export function addPythonStacks(
  { stacks, codes, strings }: RawPython,
  workingDirectory: string,
  builder: ProfileBuilder,
): PythonStacks {
  const files = new Set<string>();
  const places = Array.from(codes.file, (index) => fileOf(strings[index] ?? '', workingDirectory));
  const functions = Array.from(places, (file, code) => {
    if (path.isAbsolute(file) || file.startsWith('<ipython-input-')) files.add(file);
    return builder.functionRow(
      pythonFunctionName(
        strings[codes.qualname[code] as number] || (strings[codes.name[code] as number] ?? ''),
      ),
      file,
      codes.firstLine[code] as number,
      0,
      pythonCategory(file),
      codes.lastLine[code] as number,
    );
  });
  const count = stacks.parent.length;
  const node = new Int32Array(count);
  const [asker, askerLine] = [new Int32Array(count), new Int32Array(count)];
  const [begun, loading, byRunpy] = [new Uint8Array(count), new Uint8Array(count), new Uint8Array(count)];
  for (let row = 0; row < count; row++) {
    const parent = stacks.parent[row] as number;
    const code = stacks.code[row] as number;
    const file = places[code] as string;
    node[row] = builder.nodeRow(parent < 0 ? -1 : (node[parent] as number), functions[code] as number);
    const above = parent < 0 ? -1 : (asker[parent] as number);
    const isOwn = pythonCategory(file) !== 'runtime';
    const aboveIsOwn =
      above >= 0 && pythonCategory(places[stacks.code[above] as number] as string) !== 'runtime';
    asker[row] = isOwn || !aboveIsOwn ? row : above;
    if (asker[row] !== row) {
      askerLine[row] = above === parent ? (stacks.callLine[row] as number) : (askerLine[parent] as number);
    }
    const isFrozen = file.startsWith('<frozen ');
    byRunpy[row] =
      parent < 0 ? Number(/^<frozen runpy>$|[\\/]runpy\.py$/.test(file)) : (byRunpy[parent] as number);
    const isModule = strings[codes.name[code] as number] === '<module>';
    // Before the program, the interpreter runs modules of its own; behind `-m`, `runpy` finds the program.
    begun[row] =
      parent >= 0 && begun[parent] === 1
        ? 1
        : Number(!isFrozen && (parent < 0 ? byRunpy[row] === 0 : byRunpy[row] === 1 && isModule));
    loading[row] = isImportSystem(file)
      ? 1
      : parent >= 0 && loading[parent] === 1 && pythonCategory(file) !== 'own'
        ? 1
        : 0;
  }
  return { node, begun, loading, asker, askerLine, files };
}

/** The name of a function in a report: its qualified name without `<locals>`. */
export function pythonFunctionName(qualname: string): string {
  return qualname.replaceAll('.<locals>', '');
}

/** An absolute path, or what has no file: `<string>`, `<frozen zipimport>`. */
export function fileOf(file: string, workingDirectory: string): string {
  return file === '' || file.startsWith('<') ? file : path.resolve(workingDirectory, file);
}

function isImportSystem(file: string): boolean {
  return (
    /^<frozen (?:importlib\b|zipimport)/.test(file) || /[\\/]importlib[\\/]_bootstrap\w*\.py$/.test(file)
  );
}
