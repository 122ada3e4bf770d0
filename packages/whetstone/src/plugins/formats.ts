import { definePlugin } from '@whetstone/hooks';
import { hooks } from '../hooks.ts';

/** The file formats that `@whetstone/profile` reads and writes. */
export const formatsPlugin = definePlugin(hooks, {
  name: 'formats',
  formats: async () => (await import('@whetstone/profile')).formats,
});
