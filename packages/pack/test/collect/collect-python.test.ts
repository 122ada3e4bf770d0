import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { collectProject, type Project } from '@whetstone/pack';
import { expect, test } from 'vitest';
import { imageFile, unpack } from '../image-file.ts';
import { temporaryFolder } from '../small-pack.ts';
import { writeFiles } from './node-project.ts';

const python = '/usr/bin/python3';
const hasPython = existsSync(python) && spawnSync(python, ['-c', 'import venv, ensurepip']).status === 0;
const paths = ({ collection }: Project) => collection.files.map(({ entry }) => entry.path).sort();

/** A project with a virtual environment in which two packages were installed, one of them compiled before. */
function pythonProject(files: Readonly<Record<string, string | object>> = {}): string {
  const folder = temporaryFolder();
  execFileSync(python, ['-m', 'venv', '--without-pip', path.join(folder, '.venv')], { stdio: 'pipe' });
  const version = execFileSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
    encoding: 'utf8',
  });
  const packages = `.venv/lib/python${version.trim()}/site-packages`;
  writeFiles(folder, {
    'pack.json': { entry: 'app.py', files: ['app.py', 'data.txt', 'own'], environment: '.venv' },
    'pyproject.toml': '[project]\nname = "tool"\nversion = "0.4.0"\n',
    'app.py':
      'import sys, pathlib, dep, own.part\nprint(dep.name, own.part.n, sys.argv[1:], (pathlib.Path(__file__).parent / "data.txt").read_text(), dep.__cached__.endswith(".pyc"))\n',
    'own/__init__.py': '',
    'own/part.py': 'n = 3\n',
    'data.txt': 'data',
    '.env': 'A=1',
    [`${packages}/dep/__init__.py`]: "name = 'dep'\n",
    [`${packages}/dep/old.py`]: "print 'Python 2'\n",
    [`${packages}/dep/__pycache__/x.pyc`]: '',
    [`${packages}/dep-1.5.dist-info/METADATA`]: 'Name: dep\nVersion: 1.5\n',
    [`${packages}/dep-1.5.dist-info/direct_url.json`]: '{"url": "file:///somewhere"}',
    [`${packages}/dep-1.5.dist-info/RECORD`]:
      '../../../bin/dep,sha256=x,1\ndep/__init__.py,sha256=y,13\ndep/__pycache__/x.pyc,,\n',
    [`${packages}/hook.pth`]: 'import sys\n',
    ...Object.fromEntries(
      Object.entries(files).map(([name, content]) => [name.replace('PACKAGES', packages), content]),
    ),
  });
  return folder;
}

async function unpacked(project: Project): Promise<string> {
  const folder = temporaryFolder();
  const entries = project.collection.files.map(({ entry }) => entry);
  await unpack(await imageFile(path.join(folder, 'image'), entries), path.join(folder, 'root'));
  return path.join(folder, 'root');
}

/** Starts it as a header does. */
function start(root: string, ...args: string[]): string {
  return execFileSync('/bin/sh', ['-c', '. "$WPK_MOUNT/.pack/start"', 'app', ...args], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', WPK_MOUNT: root },
  });
}

test.skipIf(!hasPython)(
  'takes own files and packages, compiled once (skipped without python3-venv)',
  async () => {
    const project = await collectProject(pythonProject());
    const tag = execFileSync(python, ['-c', 'import sys; print(sys.implementation.cache_tag)'], {
      encoding: 'utf8',
    }).trim();
    expect(paths(project)).toEqual([
      '.pack/pack.json',
      '.pack/start',
      `app/__pycache__/app.${tag}.pyc`,
      'app/app.py',
      'app/data.txt',
      'app/own/__init__.py',
      `app/own/__pycache__/__init__.${tag}.pyc`,
      `app/own/__pycache__/part.${tag}.pyc`,
      'app/own/part.py',
      'site-packages/dep-1.5.dist-info/METADATA',
      'site-packages/dep-1.5.dist-info/RECORD',
      'site-packages/dep/__init__.py',
      `site-packages/dep/__pycache__/__init__.${tag}.pyc`,
      'site-packages/dep/old.py',
    ]);
    expect(project).toMatchObject({ name: 'tool', version: '0.4.0' });
    expect(project.collection.leftOut.map(({ path: at }) => at).sort()).toEqual([
      'app/.env',
      'app/.venv/bin',
      'site-packages/hook.pth',
    ]);
    expect(
      project.collection.files.find(({ entry }) => entry.path === 'site-packages/dep/__init__.py')?.owner,
    ).toBe('dep 1.5');
    const root = await unpacked(project);
    expect(readFileSync(path.join(root, 'site-packages/dep-1.5.dist-info/RECORD'), 'utf8')).toBe(
      'dep/__init__.py,sha256=y,13\n',
    );
    expect(start(root, 'a', 'b c')).toBe("dep 3 ['a', 'b c'] data True\n");
  },
);

test.skipIf(!hasPython)(
  'makes compiled files that do not depend on times or places (skipped without python3-venv)',
  async () => {
    const compiled = async () => {
      const { collection } = await collectProject(pythonProject());
      return collection.files
        .filter(({ entry }) => entry.path.endsWith('.pyc'))
        .map(({ entry }) => [
          entry.path,
          entry.kind === 'file' && Buffer.from(entry.content).toString('hex'),
        ]);
    };
    const [first, second] = [await compiled(), await compiled()];
    expect(first).toEqual(second);
    // PEP 552: bit 0 for a hash in the place of a time, bit 1, which asks for a comparison, not set.
    for (const [, hex] of first) expect(String(hex).slice(8, 16)).toBe('01000000');
  },
);

test.skipIf(!hasPython)(
  'refuses packages that are installed as links out (skipped without python3-venv)',
  async () => {
    const folder = pythonProject({ 'PACKAGES/__editable__.dep.pth': '/somewhere/else\n' });
    await expect(collectProject(folder)).rejects.toMatchObject({
      code: 'PACK_FILE_REFUSED',
      message: expect.stringContaining('without -e'),
    });
  },
);

test.skipIf(!hasPython)('takes the folder of pip install --target, without its scripts', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, {
    'pack.json': { entry: 'app.py', files: ['app.py'], environment: 'packages' },
    'app.py': 'import dep\nprint(dep.n)\n',
    'packages/dep.py': 'n = 1\n',
    'packages/bin/dep': '#!/somewhere/python\n',
  });
  const project = await collectProject(folder);
  expect(project.collection.leftOut).toEqual([
    { path: 'site-packages/bin', why: 'its scripts name the Python of this machine' },
  ]);
  expect(paths(project)).toContain('site-packages/dep.py');
});

test.skipIf(!hasPython)(
  'carries the Python itself (skipped without python3-venv)',
  async () => {
    const project = await collectProject(pythonProject(), { withPython: true });
    const root = await unpacked(project);
    const out = start(root, 'x');
    expect(out).toBe("dep 3 ['x'] data True\n");
    const program = project.collection.files.find(({ entry }) => /^runtime\/bin\/python\d/.test(entry.path))!
      .entry.path;
    const prefix = execFileSync(
      path.join(root, program),
      ['-c', 'import sys, dep; print(sys.prefix, dep.__file__)'],
      {
        encoding: 'utf8',
        env: { LD_LIBRARY_PATH: path.join(root, 'lib') },
      },
    );
    const [where, file] = prefix.trim().split(' ');
    expect(where).toBe(path.join(root, 'runtime'));
    expect(file).toContain(path.join(root, 'runtime/lib'));
  },
  180_000,
);

test('says in one line what is wrong with a missing environment', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'pack.json': { entry: 'a.py', environment: '.venv' }, 'a.py': '' });
  await expect(collectProject(folder)).rejects.toMatchObject({
    code: 'PACK_PROJECT_WRONG',
    message: expect.stringContaining("no environment '.venv': python3 -m venv .venv"),
  });
});
