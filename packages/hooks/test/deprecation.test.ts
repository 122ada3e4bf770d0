import { execFileSync } from 'node:child_process';

import { expect, test } from 'vitest';

import { bundled } from './bundled.ts';

/** What a program with these lines writes to stderr as warnings. */
async function warningsOf(
  code: string,
  specs = `f: { deprecated: 'use g' }, g: { deprecatedArgs: { old: 'use fresh' } }, h: {}`,
): Promise<string[]> {
  const program = await bundled(
    `import { hookSpecs, PluginManager } from '@whetstone/hooks';
     const pm = new PluginManager('app', hookSpecs()({ ${specs} }));
     process.on('warning', ({ name, message }) => console.log(name + ': ' + message));
     ${code}`,
  );
  const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
    encoding: 'utf8',
  });
  return output.split('\n').filter(Boolean);
}

test('a deprecated hook warns once for each plugin that implements it', async () => {
  expect(
    await warningsOf(`
      pm.register({ name: 'a', f() {} }); pm.register({ name: 'b', f() {} }); pm.register({ name: 'c', h() {} });
      pm.hook.f({}); pm.hook.f({});
      pm.unregister('a'); pm.register({ name: 'a', f() {} });`),
  ).toEqual([
    "DeprecationWarning: Plugin 'a' implements the deprecated hook 'f': use g",
    "DeprecationWarning: Plugin 'b' implements the deprecated hook 'f': use g",
  ]);
});

test('a plugin that is refused is not warned of', async () => {
  expect(await warningsOf(`try { pm.register({ name: 'a', f() {}, h: 3 }); } catch {}`)).toEqual([]);
});

test('a plugin that waited for a deprecated hook is warned of when it comes', async () => {
  expect(
    await warningsOf(
      `pm.register({ name: 'a', x() {} }); pm.addSpecs(hookSpecs()({ x: { deprecated: 'no' } }));`,
    ),
  ).toEqual(["DeprecationWarning: Plugin 'a' implements the deprecated hook 'x': no"]);
});

test('a deprecated argument warns when a plugin reads it, once, and has its value', async () => {
  expect(
    await warningsOf(`
      const args = { old: 1, fresh: 2 };
      pm.register({ name: 'modern', g: ({ fresh }) => fresh });
      pm.hook.g(args);
      pm.register({ name: 'reads', g: ({ old, fresh }) => [old, fresh] });
      pm.register({ name: 'wraps', g: { *wrapper({ old }) { return [old, ...(yield)]; } } });
      console.log(JSON.stringify([pm.hook.g(args), pm.hook.g(args)[0], args, pm.hook.g({ fresh: 3 })]));`),
  ).toEqual([
    '[[1,[1,2],2],1,{"old":1,"fresh":2},[null,[null,3],3]]',
    "DeprecationWarning: Plugin 'wraps' reads the deprecated argument 'old' of hook 'g': use fresh",
    "DeprecationWarning: Plugin 'reads' reads the deprecated argument 'old' of hook 'g': use fresh",
  ]);
});

test('only a hook that declares a deprecated argument gets accessors', async () => {
  expect(
    await warningsOf(`
      const args = { old: 1 };
      const accessor = (given) => Object.getOwnPropertyDescriptor(given, 'old').get !== undefined;
      pm.register({ name: 'p', g: accessor, h: (given) => given === args && !accessor(given) });
      console.log(pm.hook.g(args)[0], pm.hook.h(args)[0]);`),
  ).toEqual(['true true']);
});
