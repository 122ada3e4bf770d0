import { whetstonePlugin } from '../hooks.ts';

/** The whole report as one JSON document, for programs. */
export const jsonPlugin = whetstonePlugin({
  name: 'json',
  reports: () => [{ name: 'json', render: ({ report }) => `${JSON.stringify(report, null, 2)}\n` }],
});
