import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buildPack,
  collectionInventory,
  cycloneDx,
  type Inventory,
  inventory,
  isConspicuous,
} from '@whetstone/pack';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../small-pack.ts';
import { gitAdd, npmRegistry, npmTarball, run, writeFiles } from './npm-project.ts';

/** Path to what the comparison came to, but for what every pack has about itself. */
function statuses({ rows }: Inventory): Record<string, string> {
  const files = rows.filter(({ path: at }) => !at.startsWith('.pack/'));
  return Object.fromEntries(files.map(({ path: at, status }) => [at, status]));
}

const dep = { name: 'dep', version: '1.2.3' };
const depFiles = { 'index.js': 'module.exports = 1;\n', 'lib/deep.js': '// deep\n', '.gitignore': 'x\n' };

// Many programs are started one after another, and on a busy machine each takes its time.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

// npm gives its own settings on to what it starts, and there they win over a project's.
for (const name of Object.keys(process.env)) if (name.startsWith('npm_config_')) delete process.env[name];

const base = mkdtempSync(path.join(tmpdir(), 'whetstone-inventory-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** Installed once: npm takes its time. */
beforeAll(async () => {
  const tarball = await npmTarball(base, dep, depFiles);
  const project = path.join(base, 'project');
  writeFiles(project, {
    'package.json': JSON.stringify({
      name: 'shop',
      version: '2.0.0',
      dependencies: { dep: `file:../${tarball}` },
    }),
    'pack.json': JSON.stringify({ entry: 'src/main.js' }),
    'src/main.js': "require('dep');\n",
    '.npmrc': npmSettings(base),
    '.gitignore': 'node_modules\n*.local.js\n',
  });
  await run(project, 'npm', 'install', '--offline', '--ignore-scripts', '--silent');
});

function npmSettings(folder: string): string {
  return `cache=${path.join(folder, 'cache')}\nfund=false\naudit=false\nupdate-notifier=false\n`;
}

/** A program with one dependency from a local tarball, all of its own files in git. */
async function nodeProject(own: Readonly<Record<string, string>> = {}): Promise<string> {
  const folder = temporaryFolder();
  cpSync(base, folder, { recursive: true });
  const project = path.join(folder, 'project');
  writeFiles(project, { '.npmrc': npmSettings(folder), ...own });
  await gitAdd(project);
  return project;
}

describe('the inventory of a Node program', () => {
  test('names the package of each file and finds all as declared', async () => {
    const project = await nodeProject();
    const found = await inventory(project);
    expect(statuses(found)).toEqual({
      'app/node_modules/dep/index.js': 'same',
      'app/node_modules/dep/lib/deep.js': 'same',
      'app/node_modules/dep/package.json': 'same',
      'app/package.json': 'same',
      'app/src/main.js': 'same',
    });
    expect(found).toMatchObject({ of: 'build', name: 'shop', version: '2.0.0' });
    expect(found.rows.find((row) => row.path === 'app/node_modules/dep/index.js')).toMatchObject({
      package: { type: 'npm', name: 'dep', version: '1.2.3' },
      by: 'package-lock.json',
    });
    expect(found.rows.some(isConspicuous)).toBe(false);
  });

  test('names what nothing declared, and what differs', async () => {
    const project = await nodeProject();
    writeFiles(project, {
      'node_modules/dep/index.js': 'module.exports = 2;\n',
      'node_modules/dep/build/made.js': '// made by a script of the package\n',
      'src/main.js': "require('dep'); // changed after git add\n",
      'src/secret.local.js': '// git ignores it\n',
      'src/new.js': '// not in git yet\n',
    });
    const found = await inventory(project);
    expect(statuses(found)).toMatchObject({
      'app/node_modules/dep/index.js': 'differs',
      'app/node_modules/dep/build/made.js': 'undeclared',
      'app/node_modules/dep/lib/deep.js': 'same',
      'app/src/main.js': 'differs',
      'app/src/secret.local.js': 'undeclared',
      'app/src/new.js': 'undeclared',
    });
    expect(found.counts).toMatchObject({ differs: 2, undeclared: 3, unchecked: 0 });
    expect(found.rows.find((row) => row.status === 'undeclared')?.why).toBe(
      'the tarball of dep 1.2.3 has no such file',
    );
  });

  test('never calls the same what it could not compare', async () => {
    const project = await nodeProject();
    // The tarball that the lock file names is gone, and so is what npm kept of it.
    rmSync(path.join(project, '../dep-1.2.3.tgz'));
    rmSync(path.join(project, '../cache'), { recursive: true });
    rmSync(path.join(project, '.git'), { recursive: true });
    const found = await inventory(project, { offline: true });
    expect(statuses(found)).toEqual({
      'app/node_modules/dep/index.js': 'unchecked',
      'app/node_modules/dep/lib/deep.js': 'unchecked',
      'app/node_modules/dep/package.json': 'unchecked',
      'app/package.json': 'unchecked',
      'app/src/main.js': 'unchecked',
    });
    rmSync(path.join(project, 'package-lock.json'));
    expect((await inventory(project)).counts).toMatchObject({ differs: 0, undeclared: 0, unchecked: 5 });
  });

  test('believes no tarball whose bytes are not those of the integrity', async () => {
    const project = await nodeProject();
    const cache = path.join(project, '../cache/_cacache/content-v2');
    const [kept] = execFileSync('find', [cache, '-type', 'f'], { encoding: 'utf8' }).trim().split('\n');
    const tarball = path.join(project, '../dep-1.2.3.tgz');
    const forged = await npmTarball(path.join(project, '../cache'), dep, { 'index.js': 'evil\n' });
    writeFileSync(kept!, readFileSync(path.join(project, '../cache', forged)));
    copyFileSync(kept!, tarball);
    writeFiles(project, { 'node_modules/dep/index.js': 'evil\n' });
    const found = await inventory(project, { offline: true });
    expect(statuses(found)['app/node_modules/dep/index.js']).toBe('unchecked');
  });

  test('gets what the cache lacks from the registry that npm is set to', async () => {
    const folder = temporaryFolder();
    const tarball = await npmTarball(folder, dep, depFiles);
    const registry = await npmRegistry({ dep: path.join(folder, tarball) });
    const project = path.join(folder, 'project');
    writeFiles(project, {
      'package.json': JSON.stringify({ name: 'shop', version: '2.0.0', dependencies: { dep: '1.2.3' } }),
      'pack.json': JSON.stringify({ entry: 'main.js' }),
      'main.js': "require('dep');\n",
      '.npmrc': `${npmSettings(folder)}registry=${registry}\n`,
    });
    await run(project, 'npm', 'install', '--ignore-scripts', '--silent');
    rmSync(path.join(folder, 'cache'), { recursive: true });
    expect(statuses(await inventory(project, { offline: true }))['app/node_modules/dep/index.js']).toBe(
      'unchecked',
    );
    expect(statuses(await inventory(project))['app/node_modules/dep/index.js']).toBe('same');
  });

  test('charges what was compiled to its source', async () => {
    const project = await nodeProject({
      'pack.json': JSON.stringify({ entry: 'src/typed.ts' }),
      'src/typed.ts': "import { two } from './two.ts';\nconsole.log(two as number);\n",
      'src/two.ts': 'export const two: number = 2;\n',
    });
    expect(statuses(await inventory(project))).toMatchObject({
      'app/src/typed.ts': 'same',
      'app/src/typed.js': 'same',
      'app/src/two.js': 'same',
    });
    writeFiles(project, { 'src/two.ts': 'export const two: number = 3;\n' });
    const found = await inventory(project);
    expect(found.rows.find((row) => row.path === 'app/src/two.js')).toMatchObject({
      status: 'differs',
      why: 'it is made from src/two.ts: git has another content of it',
    });
  });

  test('finds a package that came inside another in the tarball of that one', async () => {
    const folder = temporaryFolder();
    const tarball = await npmTarball(
      folder,
      { name: 'outer', version: '1.0.0', bundleDependencies: ['inner'], dependencies: { inner: '1.0.0' } },
      {
        'index.js': '// outer\n',
        'node_modules/inner/package.json': JSON.stringify({ name: 'inner', version: '1.0.0' }),
        'node_modules/inner/index.js': '// inner\n',
      },
    );
    const project = path.join(folder, 'project');
    writeFiles(project, {
      'package.json': JSON.stringify({ name: 'a', dependencies: { outer: `file:../${tarball}` } }),
      'pack.json': JSON.stringify({ entry: 'main.js' }),
      'main.js': '',
      '.npmrc': npmSettings(folder),
    });
    await run(project, 'npm', 'install', '--offline', '--ignore-scripts', '--silent');
    const inner = Object.entries(statuses(await inventory(project))).filter(([at]) => at.includes('inner'));
    expect(inner.map(([, status]) => status)).toEqual(['same', 'same']);
  });

  test('says what a lock file lacks, and refuses one that is none', async () => {
    const project = await nodeProject();
    const file = path.join(project, 'package-lock.json');
    const lock = JSON.parse(readFileSync(file, 'utf8')) as {
      packages: Record<string, { integrity?: string }>;
    };
    for (const integrity of [undefined, 'sha512-', 'md5-abc', '../../etc/passwd', 'sha1-AAAA']) {
      lock.packages['node_modules/dep']!.integrity = integrity!;
      writeFileSync(file, JSON.stringify(lock));
      const found = await inventory(project, { offline: true });
      expect(statuses(found)['app/node_modules/dep/index.js'], integrity).toBe('unchecked');
    }
    delete lock.packages['node_modules/dep'];
    writeFileSync(file, JSON.stringify(lock));
    expect(statuses(await inventory(project))['app/node_modules/dep/index.js']).toBe('undeclared');
    writeFileSync(file, '{');
    await expect(inventory(project)).rejects.toMatchObject({ code: 'PACK_PROJECT_WRONG' });
  });

  test('reads lock files of version 1', async () => {
    const project = await nodeProject();
    const file = path.join(project, 'package-lock.json');
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as { packages: Record<string, object> };
    writeFileSync(
      file,
      JSON.stringify({ lockfileVersion: 1, dependencies: { dep: packages['node_modules/dep'] } }),
    );
    expect(statuses(await inventory(project))['app/node_modules/dep/index.js']).toBe('same');
  });
});

describe('the inventory of a program that pnpm or Yarn installed', () => {
  /** The project with npm's lock file taken away, and what that said of the dependency. */
  async function unlocked(): Promise<{ project: string; integrity: string; resolved: string }> {
    const project = await nodeProject();
    const file = path.join(project, 'package-lock.json');
    const { packages } = JSON.parse(readFileSync(file, 'utf8')) as {
      packages: Record<string, { integrity: string; resolved: string }>;
    };
    rmSync(file);
    return { project, ...packages['node_modules/dep']! };
  }
  const index = 'app/node_modules/dep/index.js';
  const statusOf = async (project: string, at = index) => statuses(await inventory(project))[at];

  test('compares with the integrity of a yarn.lock of version 1', async () => {
    const { project, integrity, resolved } = await unlocked();
    const lock = (version: string) =>
      `# yarn lockfile v1\n\n\n"dep@file:a b", dep@^1.0.0:\n  version "${version}"\n  resolved "${resolved}#0123"\n  integrity ${integrity}\n`;
    writeFileSync(path.join(project, 'yarn.lock'), lock('1.2.3'));
    expect(await statusOf(project)).toBe('same');
    writeFileSync(path.join(project, 'node_modules/dep/index.js'), 'other');
    expect(await statusOf(project)).toBe('differs');
    writeFileSync(path.join(project, 'yarn.lock'), lock('1.2.4'));
    expect(await statusOf(project)).toBe('undeclared');
  });

  test('takes the checksum of later Yarns for no integrity', async () => {
    const { project } = await unlocked();
    writeFileSync(
      path.join(project, 'yarn.lock'),
      '__metadata:\n  version: 8\n\n"dep@npm:^1.0.0":\n  version: 1.2.3\n  resolution: "dep@npm:1.2.3"\n  checksum: 10c0/0123\n',
    );
    expect(await statusOf(project)).toBe('unchecked');
  });

  test.each([
    ['9', (version: string) => `dep@${version}`],
    ['6', (version: string) => `/dep@${version}(peer@1.0.0)`],
    ['5.4', (version: string) => `/dep/${version}_peer@1.0.0`],
  ])('compares with a pnpm-lock.yaml of version %s, and the links that it names', async (format, key) => {
    const { project, integrity, resolved } = await unlocked();
    const store = 'node_modules/.pnpm/dep@1.2.3/node_modules/dep';
    mkdirSync(path.join(project, path.dirname(store)), { recursive: true });
    renameSync(path.join(project, 'node_modules/dep'), path.join(project, store));
    symlinkSync('.pnpm/dep@1.2.3/node_modules/dep', path.join(project, 'node_modules/dep'));
    const lock = (version: string, wanted = version) =>
      `lockfileVersion: '${format}'\nimporters:\n  .:\n    dependencies:\n      dep:\n        specifier: x\n        version: ${wanted}\npackages:\n  ${key(version)}:\n    resolution: {integrity: ${integrity}, tarball: '${resolved}'}\n`;
    const write = (text: string) => writeFileSync(path.join(project, 'pnpm-lock.yaml'), text);
    write(lock('1.2.3'));
    expect(await statusOf(project, `app/${store}/index.js`)).toBe('same');
    expect(await statusOf(project, 'app/node_modules/dep')).toBe('same');
    write(lock('1.2.3', '1.2.2'));
    expect(await statusOf(project, 'app/node_modules/dep')).toBe('undeclared');
    write(lock('1.2.4'));
    expect(await statusOf(project, `app/${store}/index.js`)).toBe('undeclared');
    for (const text of [
      '',
      '[]',
      'packages: 3',
      'packages:\n  dep@1.2.3: x',
      'importers: {.: {dependencies: 7}}',
    ]) {
      write(text);
      expect(['undeclared', 'unchecked'], text).toContain(await statusOf(project, `app/${store}/index.js`));
    }
    write('a: [');
    await expect(inventory(project)).rejects.toMatchObject({ code: 'PACK_PROJECT_WRONG' });
  });
});

describe('the inventory of a pack', () => {
  test('compares with the project that it was built from', async () => {
    const project = await nodeProject({
      'pack.json': JSON.stringify({ entry: 'src/typed.ts' }),
      'src/typed.ts': 'console.log(1 as number);\n',
    });
    const file = path.join(project, '../shop.wpk');
    await buildPack(project, { out: file, level: 1 });
    const alone = await inventory(file, { offline: true });
    expect(alone.counts).toMatchObject({ same: 0, unchecked: alone.rows.length });
    const compared = await inventory(file, { project });
    expect(compared.counts).toMatchObject({ same: compared.rows.length });
    expect(compared).toMatchObject({ of: 'pack', root: expect.stringMatching(/^[0-9a-f]{64}$/) as string });

    writeFiles(project, { 'src/typed.ts': 'console.log(2 as number);\n' });
    await run(project, 'git', 'add', '.');
    const later = await inventory(file, { project });
    expect(later.rows.find(({ path: at }) => at === 'app/src/typed.js')).toMatchObject({
      status: 'differs',
      by: 'build',
    });
  });

  test('is a CycloneDX document, the same each time', async () => {
    const project = await nodeProject();
    const found = await inventory(project);
    const text = cycloneDx(found);
    expect(cycloneDx(await inventory(project))).toBe(text);
    const document = JSON.parse(text) as { components: { purl?: string; components?: object[] }[] };
    expect(document).toMatchObject({
      bomFormat: 'CycloneDX',
      specVersion: '1.6',
      serialNumber: expect.stringMatching(
        /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      ) as string,
      metadata: { component: { name: 'shop', version: '2.0.0' } },
    });
    const [library] = document.components;
    expect(library).toMatchObject({ type: 'library', name: 'dep', purl: 'pkg:npm/dep@1.2.3' });
    expect(library?.components).toHaveLength(3);
    const references = JSON.stringify(document).match(/"bom-ref":"[^"]*"/g) ?? [];
    expect(new Set(references).size).toBe(references.length);
  });
});

describe('the inventory of a folder', () => {
  test('knows the links that npm makes, its list, and what is in no package', async () => {
    const folder = temporaryFolder();
    const tarball = await npmTarball(folder, { ...dep, bin: 'index.js' }, depFiles);
    writeFiles(folder, {
      'project/package.json': JSON.stringify({ name: 'a', dependencies: { dep: `file:../${tarball}` } }),
      'project/.npmrc': npmSettings(folder),
    });
    const project = path.join(folder, 'project');
    await run(project, 'npm', 'install', '--offline', '--ignore-scripts', '--silent');
    await gitAdd(project);
    symlinkSync('/etc/passwd', path.join(project, 'node_modules/.bin/evil'));
    writeFiles(project, { 'node_modules/.cache/a': 'a', 'node_modules/loose.js': '' });
    expect(statuses(await inventory(project))).toMatchObject({
      'node_modules/.bin/dep': 'same',
      'node_modules/.bin/evil': 'undeclared',
      'node_modules/.package-lock.json': 'list',
      'node_modules/.cache/a': 'undeclared',
      'node_modules/loose.js': 'undeclared',
      'node_modules/dep/index.js': 'same',
      'package.json': 'same',
    });
  });

  test('compares links with what git has of them', async () => {
    const folder = temporaryFolder();
    writeFiles(folder, { a: 'a', b: 'b' });
    symlinkSync('a', path.join(folder, 'link'));
    await gitAdd(folder);
    expect(statuses(await inventory(folder))).toEqual({ a: 'same', b: 'same', link: 'same' });
    rmSync(path.join(folder, 'link'));
    symlinkSync('b', path.join(folder, 'link'));
    expect(statuses(await inventory(folder))).toEqual({ a: 'same', b: 'same', link: 'differs' });
  });
});

const hasPip = canRun('python3', ['-m', 'pip', '--version']);
if (!hasPip) console.log('not tested: what pip installs, as python3 has no pip here');

describe('the inventory of a Python program', () => {
  test.skipIf(!hasPip)('compares with the RECORD that pip wrote', async () => {
    const folder = temporaryFolder();
    const wheel = await pythonWheel(folder);
    const project = path.join(folder, 'project');
    writeFiles(project, {
      'app.py': 'import parcel\n',
      'pack.json': JSON.stringify({ entry: 'app.py', files: ['app.py'], environment: 'packages' }),
      '.gitignore': 'packages\n',
    });
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps', '--target', 'packages', wheel];
    await run(project, 'python3', ...pip);
    await gitAdd(project);
    const found = await inventory(project);
    const { 'site-packages/parcel-1.5.dist-info/RECORD': record, ...others } = statuses(found);
    expect(record).toBe('list');
    expect(new Set(Object.values(others))).toEqual(new Set(['same']));
    expect(found.rows.find(({ path: at }) => at === 'site-packages/parcel/__init__.py')).toMatchObject({
      package: { type: 'pypi', name: 'parcel', version: '1.5' },
      by: 'RECORD',
    });
    writeFiles(project, {
      'packages/parcel/__init__.py': 'evil = 1\n',
      'packages/parcel/extra.py': 'extra = 1\n',
    });
    const later = statuses(await inventory(project));
    expect(later).toMatchObject({
      'app/app.py': 'same',
      'site-packages/parcel/__init__.py': 'differs',
      'site-packages/parcel/extra.py': 'undeclared',
      'site-packages/parcel/data file, with comma.txt': 'same',
    });
    const compiled = Object.entries(later).filter(([at]) => at.includes('__pycache__/__init__'));
    expect(compiled.map(([, status]) => status)).toEqual(['differs']);
  });
});

const hasDpkg = existsSync('/var/lib/dpkg/info/base-files.md5sums');
if (!hasDpkg) console.log("not tested: dpkg's md5sums, as this machine has none of base-files");

describe('the inventory of libraries', () => {
  test.skipIf(!hasDpkg)('compares with the md5sums of dpkg', async () => {
    const folder = temporaryFolder();
    const [line] = readFileSync('/var/lib/dpkg/info/base-files.md5sums', 'utf8')
      .split('\n')
      .filter((one) => /usr\/share\/base-files\//.test(one));
    const file = `/${line!.slice(34)}`;
    const of = (content: string, at: string) => ({
      entry: { kind: 'file', path: at, executable: false, size: 1, content } as const,
      owner: 'libraries',
    });
    const outside = path.join(temporaryFolder(), 'libfree.so.1');
    writeFileSync(outside, 'x');
    const files = [of(file, 'lib/declared'), of(outside, 'lib/libfree.so.1')];
    const rows = await collectionInventory(files, folder, 'program');
    expect(rows).toMatchObject([
      { status: 'same', by: 'dpkg', package: { type: 'deb', name: 'base-files' } },
      { status: 'undeclared' },
    ]);
    const database = path.join(folder, 'dpkg');
    writeFiles(database, {
      'info/free.md5sums': `${'0'.repeat(32)}  ${outside.slice(1)}\n`,
      status: 'Package: free\nArchitecture: all\nVersion: 3-1\n',
    });
    const changed = await collectionInventory(files, folder, 'program', { dpkgDatabase: database });
    expect(changed[1]).toMatchObject({ status: 'differs', package: { name: 'free', version: '3-1' } });
    const without = await collectionInventory(files, folder, 'program', {
      dpkgDatabase: path.join(folder, 'none'),
    });
    expect(without.map(({ status }) => status)).toEqual(['unchecked', 'unchecked']);
  });
});

function canRun(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A wheel, as a build back end makes it: an archive with a RECORD of its own. */
async function pythonWheel(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'parcel-1.5-py3-none-any.whl');
  const code = `
import base64, hashlib, sys, zipfile
files = {
  'parcel/__init__.py': 'one = 1\\n',
  'parcel/data file, with comma.txt': 'data\\n',
  'parcel-1.5.dist-info/METADATA': 'Metadata-Version: 2.1\\nName: parcel\\nVersion: 1.5\\n',
  'parcel-1.5.dist-info/WHEEL': 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n',
}
record = ''
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    for name, text in files.items():
        wheel.writestr(name, text)
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()
        shown = '"' + name + '"' if ',' in name else name
        record += f'{shown},sha256={digest},{len(text)}\\n'
    wheel.writestr('parcel-1.5.dist-info/RECORD', record + 'parcel-1.5.dist-info/RECORD,,\\n')
`;
  await run(folder, 'python3', '-c', code, file);
  return file;
}
