// The Pythons that tests and benchmarks run on; `scripts/get-pythons.mjs` gets those that are missing.
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/** Where Debian's packages of CPython 3.13 are unpacked where the system has none. */
export const python313Folder = path.join(root, 'bench/.cache/python3.13');

/**
 * One row per interpreter: `name` (`cpython`, `cpython3.13`, `pypy`, or a path), `implementation`, `path`
 * (`null` where it is missing) and `title` for a `describe`, which says so: `skipped: no Python 3.13`.
 *
 * `WHETSTONE_TEST_PYTHONS` names further ones, separated by colons.
 */
export const pythons = [
  interpreter('cpython', 'Python 3', ['/usr/bin/python3']),
  interpreter('cpython3.13', 'Python 3.13', [
    '/usr/bin/python3.13',
    path.join(python313Folder, 'usr/bin/python3.13'),
  ]),
  interpreter('pypy', 'PyPy', ['/usr/bin/pypy3']),
  ...(process.env.WHETSTONE_TEST_PYTHONS ?? '')
    .split(path.delimiter)
    .filter(Boolean)
    .map((file) => interpreter(file, path.basename(file), [file])),
];

/** Those of CPython. */
export const cpythons = pythons.filter(({ implementation }) => implementation === 'cpython');

/** The row of that name. */
export const pythonNamed = (name) => pythons.find((each) => each.name === name);

/** Debian's IPython, `null` where it is missing. */
export const ipython = existsSync('/usr/bin/ipython3') ? '/usr/bin/ipython3' : null;

/** The Python that has Debian's packages of Jupyter's kernel and client, `null` where they are missing. */
export const jupyter = ['ipykernel', 'jupyter_client'].every((name) =>
  existsSync(`/usr/lib/python3/dist-packages/${name}`),
)
  ? '/usr/bin/python3'
  : null;

function interpreter(name, title, files) {
  const file = files.find((each) => existsSync(each)) ?? null;
  const implementation = /pypy/.test(name) ? 'pypy' : 'cpython';
  const version = file && /python(3\.\d+)/.exec(path.basename(realpathSync(file)))?.[1];
  return {
    name,
    implementation,
    path: file,
    title: file === null ? `skipped: no ${title}` : version ? `Python ${version}` : title,
  };
}
