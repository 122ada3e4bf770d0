import { existsSync } from 'node:fs';
import path from 'node:path';

/**
 * Where the profiles of a program are kept: `.whetstone` beside the nearest package.json or git root,
 * else in the folder itself.
 */
export function profilesFolder(workingDirectory: string): string {
  for (let folder = path.resolve(workingDirectory); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'package.json')) || existsSync(path.join(folder, '.git'))) {
      return path.join(folder, '.whetstone');
    }
    if (path.dirname(folder) === folder) return path.join(path.resolve(workingDirectory), '.whetstone');
  }
}
