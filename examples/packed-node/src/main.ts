// Draws the pennants of data/pennants.json as PNG files into a folder: node src/main.ts FOLDER
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import path from 'node:path';

const folder = process.argv[2];
if (folder === undefined) {
  process.stderr.write('pennants: name the folder to draw into.\n');
  process.exitCode = 2;
} else {
  mkdirSync(folder, { recursive: true });
  await drawAll(folder);
}

/** Draws in a worker, one pennant after the other, and asks a child process what became of it. */
async function drawAll(into: string): Promise<void> {
  const pennants = JSON.parse(
    readFileSync(new URL('../data/pennants.json', import.meta.url), 'utf8'),
  ) as Record<string, string[]>;
  for (const [name, stripes] of Object.entries(pennants)) {
    const file = path.join(into, `${name}.png`);
    await draw(stripes, file);
    process.stdout.write(`${name}: ${statSync(file).size > 0 ? colours(file) : 'empty'}\n`);
  }
}

/** The worker has the native addon; it ends when the file is written. */
function draw(stripes: readonly string[], file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./draw.ts', import.meta.url), { workerData: { stripes, file } });
    worker.on('error', reject);
    worker.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`The worker ended with ${code}.`)),
    );
  });
}

/** `3 colours, 96×60`, by a program of its own. */
function colours(file: string): string {
  const program = fileURLToPath(new URL('./count-colours.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, file], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}
