import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileEntry } from '../image-file.ts';
import { emptyRootForbidden, inEmptyRoot, makeEmptyRoot } from './empty-root.ts';
import { ground, notTested, until, wayForbidden } from './ground.ts';

/** A program that needs glibc and nothing else. */
const PROGRAM = '/usr/bin/printf';

describe.each(['none', 'as found'] as const)(
  'in a root that holds a shell and glibc alone (/dev/fuse: %s)',
  (fuse) => {
    test('a pack runs', async (context) => {
      const refused =
        emptyRootForbidden() ?? (fuse === 'none' ? undefined : wayForbidden('shared', { user: 'root' }));
      if (refused !== undefined) notTested(context, 'an empty root', refused);
      const app = await ground(
        [fileEntry('app/program', readFileSync(PROGRAM), true)],
        'exec "$WPK_MOUNT/app/program" "$@"\n',
      );
      const root = path.join(app.folder, 'empty');
      makeEmptyRoot(root);
      copyFileSync(app.pack, path.join(root, 'app.wpk'));
      chmodSync(path.join(root, 'app.wpk'), 0o755);
      const line = '/app.wpk "hello %s\\n" you; echo "code $?"';
      const enter = inEmptyRoot(root, fuse, line, { WHETSTONE_PACK_IDLE: '1' });
      for (let time = 0; time < 2; time++) {
        const { out, error } = await app.run([], {}, enter);
        expect({ out, error }).toEqual({ out: 'hello you\ncode 0\n', error: '' });
      }
      await until(() => app.left().length === 0);
    });
  },
);
