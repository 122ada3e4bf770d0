import { whetstonePlugin } from '../hooks.ts';

/** Measures Node from inside, wherever it is below the program: scripts and commands start it too. */
export const nodePlugin = whetstonePlugin({
  name: 'node',
  async recordTarget({ target, options }) {
    if (target.kind === 'python') return undefined;
    const { record } = await import('@whetstone/record');
    return await record(target, options);
  },
  async recordProcess({ process, options }) {
    const { attach } = await import('@whetstone/record');
    return await attach(process, options);
  },
});
