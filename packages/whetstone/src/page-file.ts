import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { RunReport } from '@whetstone/analyze';
import { writeWhet, type Profile } from '@whetstone/profile';
import { codec } from './load-profile.ts';
import { selfContainedPage } from './view/self-contained-page.ts';

/** Where the build puts the page. */
export const pageFolder = fileURLToPath(new URL('./page', import.meta.url));

/** The page with a profile in one file that needs nothing else. */
export async function pageFile(profile: Profile, report: RunReport): Promise<string> {
  return selfContainedPage(
    readFileSync(`${pageFolder}/single.html`, 'utf8'),
    await writeWhet(profile, codec),
    report,
  );
}
