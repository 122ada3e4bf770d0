import path from 'node:path';
import { writeWhet, type Profile } from '@whetstone/profile';
import { reason } from './known-error.ts';
import { codec } from './load-profile.ts';
import { profilesFolder } from './project-folder.ts';
import { nextProfileFile, saveProfile } from './profile-store.ts';

/**
 * Saves a profile among the last ones of its project, and returns it with its place.
 *
 * A disk that refuses costs the file, not the report: the profile then has a warning instead.
 */
export async function keepProfile(profile: Profile, program: string): Promise<Profile> {
  const file = nextProfileFile(profilesFolder(process.cwd()), program);
  const saved = withAbout(profile, { saved: path.relative(process.cwd(), file) });
  try {
    // Not by a plugin's format: what is kept must open whatever plugins there are then.
    saveProfile(file, await writeWhet(saved, codec));
    return saved;
  } catch (error) {
    // Another run ended at the same time.
    if (
      (error as NodeJS.ErrnoException).code === 'EEXIST' &&
      file !== nextProfileFile(path.dirname(file), program)
    )
      return await keepProfile(profile, program);
    const message = `The profile could not be saved in ${path.relative(process.cwd(), path.dirname(file)) || '.'}: ${reason(error)}. To keep it elsewhere: --json FILE or --html FILE.`;
    return withAbout(profile, { warnings: [...profile.about.warnings, { code: 'not-saved', message }] });
  }
}

function withAbout(profile: Profile, about: Partial<Profile['about']>): Profile {
  return { ...profile, about: { ...profile.about, ...about } };
}
