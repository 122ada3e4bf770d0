import { statSync } from 'node:fs';
import path from 'node:path';
import { interpreterOf, isExecutable, onPath, type Interpreter } from '../executable.ts';
import { RecordError, type Target } from '../recording.ts';
import { namedPython, projectPython, virtualEnvironments, type PythonPlaces } from './find-python.ts';
import { isPythonName } from './python-name.ts';

interface PythonOptions extends PythonPlaces {
  /** What `--runtime` says. */
  readonly runtime: string | null;
}

/**
 * `-m pytest tests` and `-c '…'`, as behind `python3`; `null` for other arguments.
 *
 * @throws {@link RecordError} `TARGET_NOT_FOUND`, `RUNTIME_NOT_FOUND`
 */
export function pythonProgram(args: readonly string[], options: PythonOptions): Target | null {
  const [option, program] = args;
  if (option !== '-m' && option !== '-c') return null;
  if (program === undefined) {
    const example = option === '-m' ? '-m pytest tests' : `-c 'print(1)'`;
    throw new RecordError(
      'TARGET_NOT_FOUND',
      `${option} needs a ${option === '-m' ? 'module' : 'program'} behind it: whetstone run ${example}`,
    );
  }
  return { given: args, kind: 'python', command: chosen(options, 'python3'), args, entry: null };
}

/**
 * A Python file, or a script whose first line names a Python; `null` for other files.
 *
 * @param name as it was typed: the program sees it in `sys.argv`
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND`
 */
export function pythonFile(given: readonly string[], name: string, options: PythonOptions): Target | null {
  const file = path.resolve(options.workingDirectory, name);
  const asked = pythonAskedFor(file);
  const isSource = /\.(?:py|pyw|pyc|pyz)$/.test(file);
  if (asked === null && !isSource) return null;
  // A first line counts where a shell would read it; a path in it also names a virtual environment.
  const fixed = asked?.name.includes('/') === true && (!isSource || isExecutable(file));
  if (fixed && options.runtime === null && !isExecutable(asked.name)) {
    throw new RecordError(
      'RUNTIME_NOT_FOUND',
      `${name} asks for ${asked.name}, which does not exist. Name another Python: --runtime python3`,
    );
  }
  const command =
    fixed && options.runtime === null
      ? asked.name
      : chosen(options, asked === null ? 'python3' : path.basename(asked.name));
  return {
    given,
    kind: 'python',
    command,
    args: [...(asked?.options ?? []), name, ...given.slice(1)],
    entry: file,
  };
}

/**
 * A folder with a `__main__.py`, which Python runs as a program; `null` for others.
 *
 * @param name as it was typed: the program sees it in `sys.argv`
 * @throws {@link RecordError} `RUNTIME_NOT_FOUND`
 */
export function pythonFolder(given: readonly string[], name: string, options: PythonOptions): Target | null {
  const entry = path.resolve(options.workingDirectory, name, '__main__.py');
  if (statSync(entry, { throwIfNoEntry: false })?.isFile() !== true) return null;
  return {
    given,
    kind: 'python',
    command: chosen(options, 'python3'),
    args: [name, ...given.slice(1)],
    entry,
  };
}

/** A command of the active virtual environment or of `./.venv`, `null` where they have none of this name. */
export function virtualEnvironmentCommand(
  given: readonly string[],
  name: string,
  options: PythonOptions,
): Target | null {
  // An interpreter that is named is the one that the shell would take.
  if (isPythonName(name)) return null;
  const file = virtualEnvironments(options)
    .map((folder) => path.join(folder, name))
    .find(isExecutable);
  return file === undefined ? null : (pythonCommand(given, file, options) ?? otherCommand(given, file));
}

/**
 * A command that is an interpreter, or a script of one: `python3 app.py`, `pytest`. `null` for others.
 *
 * @param file where the command lies
 */
export function pythonCommand(given: readonly string[], file: string, options: PythonOptions): Target | null {
  const rest = given.slice(1);
  const { runtime, workingDirectory, environment } = options;
  if (isPythonName(file)) {
    const command = runtime === null ? file : namedPython(runtime, options);
    return { given, kind: 'python', command, args: rest, entry: entryOf(rest, workingDirectory) };
  }
  const asked = pythonAskedFor(file);
  if (asked === null) return null;
  const command =
    runtime !== null
      ? namedPython(runtime, options)
      : asked.name.includes('/')
        ? asked.name
        : onPath(asked.name, workingDirectory, environment);
  // What is missing the system says best.
  if (command === null) return otherCommand(given, file);
  return { given, kind: 'python', command, args: [...asked.options, file, ...rest], entry: file };
}

function otherCommand(given: readonly string[], file: string): Target {
  return { given, kind: 'command', command: file, args: given.slice(1), entry: file };
}

function chosen(options: PythonOptions, name: string): string {
  return options.runtime === null ? projectPython(name, options) : namedPython(options.runtime, options);
}

/** The interpreter of a script's first line, if it is a Python. */
function pythonAskedFor(file: string): Interpreter | null {
  const asked = interpreterOf(file);
  return asked !== null && isPythonName(asked.name) ? asked : null;
}

/** Options of Python's own that have a value behind them. */
const valued = /^-(?:[bBdEhiIOPqRsStuvx]*[WX]|-check-hash-based-pycs)$/;

/** The file that `python …` runs; `null` for modules, `-c` and standard input. */
function entryOf(args: readonly string[], workingDirectory: string): string | null {
  for (let i = 0; i < args.length; i++) {
    const argument = args[i]!;
    if (/^-[bBdEhiIOPqRsStuvx]*[cm]/.test(argument) || argument === '-') return null;
    if (valued.test(argument)) i++;
    else if (!argument.startsWith('-')) {
      const file = path.resolve(workingDirectory, argument);
      return statSync(file, { throwIfNoEntry: false })?.isFile() === true ? file : null;
    }
  }
  return null;
}
