import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { didYouMean } from '@whetstone/hooks';
import {
  formatBytes,
  formatTime,
  ProfileError,
  readProfile,
  type Format,
  type Profile,
} from '@whetstone/profile';
import type { Plugins } from './built-in-plugins.ts';
import { FileError, reason } from './known-error.ts';
import { savedProfiles, type SavedProfile } from './profile-store.ts';
import { profilesFolder } from './project-folder.ts';

const inflateRaw = promisify(zlib.inflateRaw);

/** Node's own compressor for saved profiles. */
export const codec = {
  deflate: (bytes: Uint8Array): Uint8Array => zlib.deflateRawSync(bytes, { level: 6 }),
  inflate: (bytes: Uint8Array, length: number): Promise<Uint8Array> =>
    // One byte more than was announced is enough to see that the file lies.
    inflateRaw(bytes, { maxOutputLength: length + 1 }),
};

/**
 * Reads a profile in any format that a plugin reads.
 *
 * @throws FileError where there is no such file, ProfileError (with the file's name) where it is no profile
 */
export async function loadProfile(file: string, plugins: Plugins): Promise<Profile> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new FileError('FILE_UNREADABLE', `cannot read '${file}': ${reason(error)}.`, { cause: error });
  }
  try {
    return await readProfile(bytes, codec, await knownFormats(plugins));
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new ProfileError(error.code, `'${file}': ${error.message}`, { cause: error });
  }
}

/** The formats of all plugins, each name once: those of the plugin that was registered last come first. */
export async function knownFormats(plugins: Plugins): Promise<readonly Format[]> {
  const all = (await plugins.hook.formats()).flat();
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/**
 * The file of a profile that a command was given: its path, else its name in `whetstone history`.
 *
 * @throws FileError with the kept name that was probably meant, where there is neither
 */
export function profileFile(given: string): string {
  if (existsSync(given)) return given;
  const kept = keptProfile(given);
  if (kept) return kept.file;
  const meant = keptProfileMeant(given);
  // Reading it says what is wrong with the path.
  if (meant === '') return given;
  throw new FileError(
    'FILE_UNREADABLE',
    `cannot read '${given}': no such file, and no kept profile of that name.${meant}`,
  );
}

/** The kept profile of this project that has this name, `hot-3`. */
export function keptProfile(name: string): SavedProfile | undefined {
  return savedProfiles(profilesFolder(process.cwd())).find((saved) => saved.name === name);
}

/** ` Did you mean hot-3?`, or nothing where no kept profile is called anything like it. */
export function keptProfileMeant(given: string): string {
  return didYouMean(
    given,
    savedProfiles(profilesFolder(process.cwd())).map(({ name }) => name),
  );
}

/** The last profile that was saved in this project. */
export function lastProfileFile(): string {
  const folder = profilesFolder(process.cwd());
  const [last] = savedProfiles(folder);
  if (!last) {
    throw new FileError(
      'FILE_UNREADABLE',
      `no profile in ${path.relative(process.cwd(), folder) || '.'} yet. Measure a program first: whetstone run app.ts`,
    );
  }
  return last.file;
}

/** One line of `whetstone history`: what ran, when, how long. */
export async function readSummary(saved: SavedProfile, plugins: Plugins): Promise<string> {
  const date = localMinute(saved.saved);
  const name = saved.name.padEnd(24);
  try {
    const { about } = await loadProfile(saved.file, plugins);
    const end = about.exit.signal ?? `exit ${about.exit.code ?? '?'}`;
    const command = about.command.map((word) => word.replaceAll(/\p{Cc}/gu, '?')).join(' ');
    return `${name}  ${date}  ${formatTime(about.wall).padStart(8)}  ${end.padEnd(8)}  ${formatBytes(saved.bytes).padStart(8)}  ${command}`;
  } catch (error) {
    return `${name}  ${date}  unreadable: ${(error as Error).message}`;
  }
}

/** `2026-11-21 18:55`, as the clocks of this place show it. */
function localMinute(time: number): string {
  const offset = new Date(time).getTimezoneOffset() * 60_000;
  return new Date(time - offset).toISOString().slice(0, 16).replace('T', ' ');
}
