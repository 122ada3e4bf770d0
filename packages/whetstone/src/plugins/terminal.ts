import { whetstonePlugin } from '../hooks.ts';

/** What `run` and `explain` print. */
export const terminalPlugin = whetstonePlugin({
  name: 'terminal',
  reports: () => [
    {
      name: 'terminal',
      render: async ({ report, view }) =>
        (await import('../terminal/report-text.ts')).reportText(report, view),
    },
    {
      name: 'explanation',
      render: async ({ report, view }) =>
        (await import('../terminal/explain-text.ts')).explainText(report, view),
    },
  ],
});
