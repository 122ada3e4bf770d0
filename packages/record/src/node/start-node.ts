import { mkdirSync, readdirSync, realpathSync, statSync, writeFileSync, type Stats } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeTemporaryFolder } from '../temporary-folders.ts';

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
  for (const name of ['ask', 'heard', 'listens']) mkdirSync(path.join(folder, name));
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

/** Changes with every file of the agent: code that was compiled for another is not used. */
function revision(): string {
  const files = readdirSync(agentFolder).map((name) => statSync(path.join(agentFolder, name)));
  const sum = (of: (file: Stats) => number) => files.reduce((total, file) => total + of(file), 0);
  return `${files.length}-${sum(({ size }) => size)}-${sum(({ mtimeMs }) => mtimeMs)}`;
}

/** NODE_OPTIONS with our part before the user's own, which the agent takes out again. */
export function withAgent(environment: NodeJS.ProcessEnv, preload: string): NodeJS.ProcessEnv {
  const own = environment['NODE_OPTIONS'];
  return {
    ...environment,
    NODE_OPTIONS: own === undefined ? `--require ${preload}` : `--require ${preload} ${own}`,
  };
}
