import { whetstonePlugin } from '../hooks.ts';

/** Measures Python from outside, with nothing inside the program. */
export const pythonPlugin = whetstonePlugin({
  name: 'python',
  async recordTarget({ target, options }) {
    if (target.kind !== 'python') return undefined;
    const { record } = await import('@whetstone/record');
    return await record(target, options);
  },
  async recordProcess({ process, options }) {
    const { attachPython } = await import('@whetstone/record');
    return (await attachPython(process, options)) ?? undefined;
  },
});
