import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isTemporaryFolder, makeTemporaryFolder } from '../temporary-folders.ts';

/** Where the code lies that runs inside the program. */
export const agentFolder = realpathSync(fileURLToPath(new URL('../agents/node', import.meta.url)));

export interface AgentOptions {
  /** `plain` only loads TypeScript, to compare with. */
  readonly pass: 'time' | 'counts' | 'plain';
  /** Microseconds between samples, `null` for the usual change of rhythm. */
  readonly interval: number | null;
  /** Monotonic microseconds at which measuring ends, `null` for the program's end. */
  readonly until: number | null;
  readonly waits: boolean;
  readonly cacheFolder: string;
  readonly workingDirectory: string;
}

/** A private folder that the program's agents write to. */
export interface AgentFolder {
  readonly folder: string;
  readonly preload: string;
}

/** Makes the folder with the file that Node is told to load first; the caller removes it. */
export function makeAgentFolder(options: AgentOptions): AgentFolder {
  const folder = makeTemporaryFolder();
  const preload = path.join(folder, 'preload.cjs');
  for (const name of ['ask', 'came', 'heard', 'listens']) mkdirSync(path.join(folder, name));
  const configuration = JSON.stringify({ ...options, folder, preload, revision: revision() });
  writeFileSync(
    preload,
    `require(${JSON.stringify(path.join(agentFolder, 'start.cjs'))}).start(${configuration});\n`,
    {
      mode: 0o600,
    },
  );
  return { folder, preload };
}

/** Whether a path is that of such a file: it lies outside the folder of the agent. */
export function isPreload(file: string): boolean {
  return path.basename(file) === 'preload.cjs' && isTemporaryFolder(path.dirname(file));
}

/**
 * Changes with every file of the agent, and with where they lie: code that was compiled for others is not used,
 * nor code that names the files of another copy of ours.
 */
function revision(): string {
  const hash = createHash('sha256').update(agentFolder);
  for (const name of readdirSync(agentFolder).toSorted()) {
    const { size, mtimeMs } = statSync(path.join(agentFolder, name));
    hash.update(`\n${name} ${size} ${mtimeMs}`);
  }
  return hash.digest('hex').slice(0, 16);
}

/** NODE_OPTIONS with our part before the user's own, which the agent takes out again. */
export function withAgent(environment: NodeJS.ProcessEnv, preload: string): NodeJS.ProcessEnv {
  const own = environment['NODE_OPTIONS'];
  return {
    ...environment,
    NODE_OPTIONS: own === undefined ? `--require ${preload}` : `--require ${preload} ${own}`,
  };
}
