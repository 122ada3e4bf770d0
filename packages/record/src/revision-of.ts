import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The commit that is checked out around a folder, read from git's own files; `null` without one. */
export function revisionOf(folder: string): string | null {
  for (let current = folder; ; current = path.dirname(current)) {
    const found = path.join(current, '.git');
    if (existsSync(found)) return headOf(found);
    if (path.dirname(current) === current) return null;
  }
}

function headOf(found: string): string | null {
  try {
    // In a worktree `.git` is a file that names the folder.
    const git = statSync(found).isDirectory()
      ? found
      : path.resolve(
          path.dirname(found),
          readFileSync(found, 'utf8')
            .replace(/^gitdir:/, '')
            .trim(),
        );
    const head = readFileSync(path.join(git, 'HEAD'), 'utf8').trim();
    if (!head.startsWith('ref: ')) return head;
    const name = head.slice('ref: '.length);
    const common = path.join(git, 'commondir');
    const root = existsSync(common) ? path.resolve(git, readFileSync(common, 'utf8').trim()) : git;
    const loose = path.join(root, name);
    if (existsSync(loose)) return readFileSync(loose, 'utf8').trim();
    const packed = readFileSync(path.join(root, 'packed-refs'), 'utf8').split('\n');
    return packed.find((line) => line.endsWith(` ${name}`))?.split(' ')[0] ?? null;
  } catch {
    return null;
  }
}
