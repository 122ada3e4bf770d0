import { statSync } from 'node:fs';

/** Where a user's packs are mounted and kept; the shell header chooses the same. */
export interface PrivateFolders {
  /** Shared mounts. */
  readonly run: string;
  /** Drivers, verified copies, extracted files. */
  readonly cache: string;
}

/** The folders for this environment and user. Nothing is made: the driver does, and checks whose they are. */
export function privateFolders(
  environment: Readonly<Record<string, string | undefined>>,
  user: number,
): PrivateFolders {
  const runtime = absolute(environment.XDG_RUNTIME_DIR);
  // Under sudo it may still name the folder of somebody else.
  const owned = runtime !== undefined && statSync(runtime, { throwIfNoEntry: false })?.uid === user;
  const run = owned ? `${runtime}/wpk` : `/tmp/wpk-${user}`;
  const home = absolute(environment.HOME);
  const cache = absolute(environment.XDG_CACHE_HOME) ?? (home === undefined ? undefined : `${home}/.cache`);
  return { run, cache: cache === undefined ? run : `${cache}/whetstone-pack` };
}

function absolute(folder: string | undefined): string | undefined {
  return folder?.startsWith('/') ? folder : undefined;
}
