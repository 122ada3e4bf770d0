import { definePlugin } from '@whetstone/hooks';
import { hooks } from '../hooks.ts';

/** The page with the profile as one self-contained file. */
export const pagePlugin = definePlugin(hooks, {
  name: 'page',
  reports: () => [
    {
      name: 'html',
      render: async ({ profile, report }) => (await import('../page-file.ts')).pageFile(profile, report),
    },
  ],
});
