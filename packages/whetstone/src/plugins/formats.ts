import { whetstonePlugin } from '../hooks.ts';

/** The file formats that `@whetstone/profile` reads and writes. */
export const formatsPlugin = whetstonePlugin({
  name: 'formats',
  formats: async () => (await import('@whetstone/profile')).formats,
});
