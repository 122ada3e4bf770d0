import { whetstonePlugin } from '../hooks.ts';

/** The page with the profile as one self-contained file. */
export const pagePlugin = whetstonePlugin({
  name: 'page',
  reports: () => [
    {
      name: 'html',
      render: async ({ profile, report }) => (await import('../page-file.ts')).pageFile(profile, report),
    },
  ],
});
