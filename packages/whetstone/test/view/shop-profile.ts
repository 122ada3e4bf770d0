import { ProfileBuilder, type Profile } from '@whetstone/profile';
import { aboutOf, threadOf } from '@whetstone/profile/testing';

/** Names as a hostile program would choose them. */
export const hostile = {
  name: '<img src=x onerror=document.title="owned">',
  file: '/app/src/</script><script>document.title="owned"</script>.ts',
  source: '</script><script>document.title="owned"</script>\n<!-- const x = `${1}`;\nlast();',
  warning: '<svg onload=document.title="owned">',
};

/** A program that computes in a few functions, waits, has counts, two threads, and hostile names. */
export function shopProfile(): Profile {
  const builder = new ProfileBuilder();
  const main = builder.addThread(threadOf({ name: 'main thread' }));
  const worker = builder.addThread(threadOf({ name: 'worker 1', thread: 1 }));
  const rows = {
    main: builder.functionRow('main', '/app/src/shop.ts', 1, 1, 'own', 4),
    parse: builder.functionRow('parse', '/app/src/shop.ts', 6, 1, 'own', 9),
    split: builder.functionRow('split', '/app/node_modules/csv/index.js', 3, 1, 'dependency'),
    anonymous: builder.functionRow('', '/app/src/shop.ts', 8, 5, 'own'),
    hostile: builder.functionRow(hostile.name, hostile.file, 2, 1, 'own'),
    collector: builder.functionRow('(garbage collector)', '', 0, 0, 'collector'),
    fetch: builder.functionRow('fetch 127.0.0.1:5432', '', 0, 0, 'waiting'),
    idle: builder.functionRow('(idle)', '', 0, 0, 'idle'),
  };
  const path = (...names: (keyof typeof rows)[]) =>
    names.reduce((parent, name) => builder.nodeRow(parent, rows[name]), -1);
  let now = 0;
  const spend = (thread: number, node: number, line: number, time: number) => {
    builder.addSample(thread, node, line, now, time);
    now += time;
  };
  spend(main, path('main'), 2, 40_000);
  spend(main, path('main', 'parse'), 7, 200_000);
  spend(main, path('main', 'parse', 'split'), 4, 100_000);
  spend(main, path('main', 'parse', 'anonymous'), 8, 60_000);
  spend(main, path('main', 'hostile'), 3, 90_000);
  spend(main, path('collector'), 0, 30_000);
  spend(main, path('main', 'fetch'), 0, 400_000);
  spend(main, path('idle'), 0, 80_000);
  builder.addSample(worker, path('parse'), 7, 0, 50_000);
  const calls = builder.measure('calls', 'count', 'measured', 'function');
  calls.add(rows.parse, 0, -1, 120_000);
  calls.add(rows.main, 0, -1, 1);
  builder.measure('hits', 'count', 'measured', 'function').add(rows.parse, 7, -1, 120_000);
  builder.addWait({
    thread: main,
    node: path('main', 'fetch'),
    line: 3,
    kind: 'http',
    call: 'fetch',
    target: '127.0.0.1:5432',
    start: 520_000,
    duration: 400_000,
    charged: 400_000,
    count: 12,
  });
  builder.addSource('/app/src/shop.ts', shopSource);
  builder.addSource(hostile.file, hostile.source);
  builder.addSource('/app/src/unsaved.ts', null);
  const samples = { taken: 1000, rejected: 3 };
  builder.replaceThread(
    main,
    threadOf({ name: 'main thread', wall: now, cpu: 520_000, queued: 0, asleep: 480_000, samples }),
  );
  return builder.build(
    aboutOf({
      command: ['node', 'src/shop.ts'],
      wall: now,
      cpu: 570_000,
      modes: { counts: true, waits: true, deopts: false, attached: false },
      influence: { value: 1.04, low: 1.02, high: 1.06, kind: 'estimated', longestPause: 900, pauses: 900 },
      warnings: [{ code: 'hostile', message: hostile.warning }],
    }),
  );
}

const shopSource = `export function main() {
  const rows = parse(text);
  return fetch(rows);
}

function parse(text) {
  const rows = text.split(',');
  return rows.map((row) => row.trim());
}
`;
