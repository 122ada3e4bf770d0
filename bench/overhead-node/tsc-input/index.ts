// What the compiler is given to check: the declarations of three large packages, pinned by the lock file.
import type * as typescript from 'typescript-5';
import type * as vite from 'vite';
import type * as vitest from 'vitest/node';

export type Checked = [typeof typescript, typeof vite, typeof vitest];
