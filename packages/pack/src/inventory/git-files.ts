import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Declaration } from './declaration.ts';

/** What git has in its index of a folder. */
export interface GitFiles {
  readonly folder: string;
  /** Path in the folder to the hash of its content. */
  readonly blobs: ReadonlyMap<string, string>;
}

/** `git ls-files` of a folder, with the hashes; a sentence's part where git cannot tell. */
export function readGitFiles(folder: string): GitFiles | string {
  const list = (more: readonly string[]) =>
    git(folder, ['ls-files', '--stage', '-z', ...more]).toString('utf8');
  let text: string;
  try {
    git(folder, ['rev-parse', '--is-inside-work-tree']);
    try {
      text = list(['--recurse-submodules']);
    } catch {
      text = list([]);
    }
  } catch (error) {
    return whyNot(error);
  }
  const blobs = new Map<string, string>();
  for (const line of text.split('\0')) {
    // Other stages are those of a merge that is not done.
    const [, mode, hash, file] = /^(\d+) ([0-9a-f]+) 0\t([\s\S]+)$/.exec(line) ?? [];
    if (hash !== undefined && mode !== '160000') blobs.set(file!, hash);
  }
  return { folder, blobs };
}

/**
 * Compares a file with what git has under its path.
 *
 * @param content of a link: where it leads
 */
export function gitDeclaration({ folder, blobs }: GitFiles, file: string, content: Uint8Array): Declaration {
  const hash = blobs.get(file);
  if (hash === undefined) return { status: 'undeclared', why: 'it is not in git ls-files' };
  if (blobHash(content, hash.length === 64 ? 'sha256' : 'sha1') === hash)
    return { status: 'same', by: 'git' };
  // What git stores may be another text than what it puts into the folder: ends of lines, large files.
  const cleaned = git(folder, ['hash-object', '--stdin', `--path=${file}`], content)
    .toString()
    .trim();
  if (cleaned === hash) return { status: 'same', by: 'git' };
  return { status: 'differs', by: 'git', why: 'git has another content of it' };
}

function blobHash(content: Uint8Array, algorithm: string): string {
  return createHash(algorithm).update(`blob ${content.length}\0`).update(content).digest('hex');
}

function git(folder: string, args: readonly string[], input?: Uint8Array): Buffer {
  return execFileSync('git', ['-C', folder, '-c', 'core.fsmonitor=false', ...args], {
    input,
    maxBuffer: 1 << 30,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

function whyNot(error: unknown): string {
  const { code, stderr } = error as NodeJS.ErrnoException & { stderr?: Buffer };
  if (code === 'ENOENT') return 'there is no git on this machine';
  const said = stderr?.toString() ?? '';
  if (said.includes('dubious ownership')) return 'git does not trust the folder, which another user owns';
  return 'it is in no git repository';
}
