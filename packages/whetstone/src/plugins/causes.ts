import { whetstonePlugin } from '../hooks.ts';

/** The causes that `@whetstone/analyze` finds, with their texts. */
export const causesPlugin = whetstonePlugin({
  name: 'causes',
  findings: {
    // What makes the figures themselves doubtful is among them, and is read first.
    tryFirst: true,
    async handler({ profile, report }) {
      const [{ explain }, { fillFindings, languageOf }] = await Promise.all([
        import('@whetstone/analyze'),
        import('../findings.ts'),
      ]);
      return fillFindings(explain(profile, report), languageOf(profile.about.runtime.name));
    },
  },
});
