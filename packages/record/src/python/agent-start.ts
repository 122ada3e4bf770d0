import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the code lies that runs inside Python programs. */
const pythonAgentFolder = fileURLToPath(new URL('../agents/python', import.meta.url));

/** What a part of the agent is told: a value of JSON, with the part's name. */
interface AgentOptions {
  /** Name of the file that is started. */
  readonly part: 'counts' | 'memory' | 'sampler';
  readonly [name: string]: unknown;
}

/**
 * The environment to start a Python program with so that the agent runs in it and in the Pythons that it starts.
 *
 * The program itself sees its environment and `sys.path` as they were. Python reads none of it under the options
 * `-I`, `-E` and `-S`.
 *
 * @param folder a private folder that outlives the program; its path must have no `:` in it
 */
export function agentEnvironment(
  folder: string,
  environment: NodeJS.ProcessEnv,
  options: AgentOptions,
): NodeJS.ProcessEnv {
  // A copy: Python keeps compiled files beside the first one, and we leave nothing in our own folder.
  const start = path.join(folder, 'start');
  mkdirSync(start, { recursive: true });
  cpSync(pythonAgentFolder, start, { recursive: true });
  writeFileSync(path.join(start, 'options.json'), JSON.stringify(options));
  const own = environment['PYTHONPATH'];
  return { ...environment, PYTHONPATH: own ? `${start}${path.delimiter}${own}` : start };
}
