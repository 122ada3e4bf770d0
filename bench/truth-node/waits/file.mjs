// truth: {"kind":"file","call":"fs.promises.readFile","line":13,"milliseconds":1000,"total":1000000,"count":2}
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, promises, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'pipe-'));
const pipe = join(folder, 'pipe');
execFileSync('mkfifo', [pipe]);
// A named pipe can be read once its writer comes: 500 ms after it was started.
for (let round = 0; round < 2; round++) {
  const writer = spawn('sh', ['-c', 'sleep 0.5; echo done > "$0"', pipe], { stdio: 'ignore' });
  await promises.readFile(pipe);
  if (writer.exitCode === null) await new Promise((resolve) => writer.once('exit', resolve));
}
rmSync(folder, { recursive: true });
