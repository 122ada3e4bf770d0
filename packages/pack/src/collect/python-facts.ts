import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PackError } from '../pack-error.ts';

/** What an interpreter says of itself. */
export interface PythonFacts {
  /** As it was started. */
  readonly command: string;
  /** Major and minor: `3.11`. */
  readonly version: string;
  readonly fullVersion: string;
  /** The program, real path. */
  readonly program: string;
  /** Where the standard library is. */
  readonly library: string;
  /** Of a virtual environment: where its packages are. */
  readonly packages: readonly string[];
  /** Where the packages of an installation are, relative to its prefix. */
  readonly packagesBelow: string;
  /** `cpython-311`, in the names of compiled files. */
  readonly cacheTag: string;
}

const question = `
import json, os, site, sys, sysconfig
base = sys.base_prefix
below = [os.path.relpath(p, base) for p in site.getsitepackages([base]) if p.startswith(base + os.sep)]
print(json.dumps({
  'version': '%d.%d' % sys.version_info[:2],
  'fullVersion': '.'.join(map(str, sys.version_info[:3])),
  'program': os.path.realpath(sys.executable),
  'library': sysconfig.get_path('stdlib'),
  'packages': sorted({os.path.realpath(sysconfig.get_path(n)) for n in ('purelib', 'platlib')}),
  'packagesBelow': below[-1],
  'cacheTag': sys.implementation.cache_tag,
}))
`;

/**
 * Asks the interpreter of an environment, or the one on the PATH where that has none.
 *
 * @throws {@link PackError} `PACK_TOOL_FAILED` where there is none, or it does not answer
 */
export function pythonFacts(environment: string | undefined): PythonFacts {
  const own = environment === undefined ? undefined : path.join(environment, 'bin', 'python');
  const command = own !== undefined && existsSync(own) ? own : 'python3';
  try {
    // -I: neither the folder nor variables of this shell may change what it says.
    const text = execFileSync(command, ['-I', '-B', '-c', question], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { ...(JSON.parse(text) as Omit<PythonFacts, 'command'>), command };
  } catch (cause) {
    throw new PackError(
      'PACK_TOOL_FAILED',
      `The Python '${command}' cannot be asked for its version and folders: a program in Python is packed where it runs.`,
      { cause },
    );
  }
}
