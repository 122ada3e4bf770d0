import { definePlugin } from '@whetstone/hooks';
import { hooks } from '../hooks.ts';

/** The whole report as one JSON document, for programs. */
export const jsonPlugin = definePlugin(hooks, {
  name: 'json',
  reports: () => [{ name: 'json', render: ({ report }) => `${JSON.stringify(report, null, 2)}\n` }],
});
