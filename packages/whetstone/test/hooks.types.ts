// What must compile and, by @ts-expect-error, what must not; `hooks.test.ts` runs the compiler over it.
import type { RunReport } from '@whetstone/analyze';
import { whetstonePlugin, type WhetstonePlugin } from 'whetstone/hooks';

whetstonePlugin({
  name: 'mine',
  findings({ report }) {
    const same: RunReport = report;
    return same.findings;
  },
  reports: async () => [
    { name: 'short', render: ({ report, view }) => `${report.about.wall} ${view.columns}` },
  ],
  later: { optional: true, handler: () => undefined },
});

// @ts-expect-error There is no such hook.
whetstonePlugin({ name: 'mine', finding: () => [] });

// @ts-expect-error A finding has more than an id.
whetstonePlugin({ name: 'mine', findings: () => [{ id: 'x' }] });

// @ts-expect-error A plugin has a name.
const nameless: WhetstonePlugin = { formats: () => [] };
void nameless;
