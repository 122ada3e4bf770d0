import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runProgram } from './run-program.ts';

const programs = readdirSync(join(import.meta.dirname, 'fixtures/unnoticed'));

test.each(programs)('%s prints the same and ends the same with its waits named', async (name) => {
  const plain = await runProgram(`unnoticed/${name}`, { plain: true });
  const measured = await runProgram(`unnoticed/${name}`);
  expect(measured.stdout).toBe(plain.stdout);
  expect(measured.stderr).toBe(plain.stderr);
  expect(measured.exit).toBe(plain.exit);
});
