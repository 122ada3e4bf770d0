import { whetstonePlugin } from '../hooks.ts';

/** Measures from outside what no other recorder takes: wall time, CPU and memory, as the operating system tells. */
export const operatingSystemPlugin = whetstonePlugin({
  name: 'operating-system',
  recordTarget: {
    tryLast: true,
    handler: async ({ target, options }) => (await import('@whetstone/record')).record(target, options),
  },
});
