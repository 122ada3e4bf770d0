import { ProfileBuilder, type Profile } from '@whetstone/profile';
import { aboutOf, threadOf } from '@whetstone/profile/testing';

/** What does not run the program stands below it. */
const below = {
  collector: ['(garbage collector)', 'collector'],
  lock: ['(waiting for the GIL)', 'waiting'],
  queued: ['(waiting for a core)', 'waiting'],
  waiting: ['(waiting)', 'waiting'],
} as const;

/**
 * A program of two threads and a child as the recorder of Python describes it: each moment has a state, and
 * the time in each state is measured by the line that ran or waited.
 */
export function pythonRun(): Profile {
  const builder = new ProfileBuilder();
  const modes = { counts: true, waits: true, deopts: false, attached: false };
  const samples = { taken: 1500, rejected: 12 };
  const main = builder.addThread(
    threadOf({ process: 400, name: 'main.py', wall: 2e6, cpu: 1e6, queued: 1e5, asleep: 9e5, samples }),
  );
  const sealer = builder.addThread(
    threadOf({
      process: 400,
      thread: 1,
      name: 'sealer',
      wall: 1e6,
      cpu: 4e5,
      queued: 0,
      asleep: 6e5,
      samples,
    }),
  );
  const server = builder.addThread(
    threadOf({ process: 412, name: 'server.py', wall: 15e5, cpu: 2e5, queued: 0, asleep: 13e5, samples }),
  );
  const rows = {
    module: builder.functionRow('<module>', '/app/main.py', 1, 0, 'own', 12),
    unique: builder.functionRow('unique', '/app/orders.py', 3, 0, 'own', 9),
    clean: builder.functionRow('clean', '/app/orders.py', 11, 0, 'own', 12),
    seal: builder.functionRow('seal', '/app/seal.py', 1, 0, 'own', 5),
    ask: builder.functionRow('ask', '/app/weather.py', 2, 0, 'own', 4),
    serve: builder.functionRow('serve', '/app/server.py', 1, 0, 'own', 8),
    load: builder.functionRow('_find_and_load', '<frozen importlib._bootstrap>', 1165, 0, 'runtime', 1180),
  };
  const path = (...names: (keyof typeof rows)[]) =>
    names.reduce((parent, name) => builder.nodeRow(parent, rows[name]), -1);
  const now = [0, 500_000, 200_000];
  const spend = (thread: number, node: number, line: number, state: string, time: number) => {
    const special = below[state as keyof typeof below];
    if (special === undefined) builder.addSample(thread, node, line, now[thread], time, state);
    else {
      const shown = builder.nodeRow(node, builder.functionRow(special[0], '', 0, 0, special[1]));
      builder.addSample(thread, shown, 0, now[thread], time, state);
    }
    builder.measure(`state:${state}`, 'microseconds', 'sampled', 'node').add(node, line, thread, time);
    now[thread] += time;
  };
  spend(main, path('module', 'load'), 1170, 'c-code', 60_000);
  spend(main, path('module'), 4, 'bytecode', 40_000);
  spend(main, path('module', 'unique'), 6, 'bytecode', 380_000);
  spend(main, path('module', 'unique'), 6, 'queued', 100_000);
  spend(main, path('module', 'unique'), 7, 'bytecode', 60_000);
  spend(main, path('module', 'unique'), 7, 'collector', 100_000);
  spend(main, path('module', 'clean'), 12, 'c-code', 260_000);
  spend(main, path('module', 'clean'), 12, 'lock', 200_000);
  spend(main, path('module'), 9, 'native', 100_000);
  spend(main, path('module', 'ask'), 3, 'waiting', 700_000);
  spend(sealer, path('seal'), 4, 'bytecode', 400_000);
  spend(sealer, path('seal'), 4, 'lock', 600_000);
  spend(server, path('serve'), 5, 'bytecode', 200_000);
  spend(server, path('serve'), 7, 'waiting', 1_300_000);
  const calls = builder.measure('calls', 'count', 'measured', 'function');
  calls.add(rows.unique, 0, -1, 1);
  calls.add(rows.clean, 0, -1, 8_000);
  builder.measure('hits', 'count', 'measured', 'function').add(rows.unique, 6, -1, 10_000);
  const resident = builder.measure('resident', 'bytes', 'sampled', 'node');
  resident.add(path('module', 'unique'), 7, main, 48_000_000);
  resident.add(path('module', 'unique'), 6, main, 900_000);
  builder.measure('allocated', 'bytes', 'measured', 'function').add(rows.unique, 7, -1, 45_000_000);
  const wait = { start: 1_300_000, node: path('module', 'ask'), line: 3 };
  builder.addWait({
    ...wait,
    thread: main,
    kind: 'socket',
    call: 'recv',
    target: '127.0.0.1:8080',
    duration: 700_000,
    charged: 700_000,
    count: 50,
    longest: 15_000,
  });
  builder.addWait({
    thread: main,
    node: path('module', 'clean'),
    line: 12,
    kind: 'lock',
    call: 'GIL',
    target: '',
    start: 1_000_000,
    duration: 200_000,
    charged: 200_000,
    count: 40,
    longest: 5_000,
  });
  builder.addSource('/app/orders.py', ordersSource);
  builder.addSource('/app/seal.py', sealSource);
  return builder.build(
    aboutOf({
      command: ['python3', 'main.py'],
      runtime: { name: 'cpython', version: '3.11.7', path: '/usr/bin/python3' },
      wall: 2e6,
      cpu: 1.6e6,
      peakMemory: 120e6,
      modes,
    }),
  );
}

const ordersSource = `import re

def unique(orders):
    seen = []
    for order in orders:
        if order.id in seen: continue
        seen.append(order.id)
    return seen


def clean(note):
    return re.sub(r"\\s+$", "", note)
`;

const sealSource = `def seal(data):
    value = 1
    for byte in data:
        value = value * 31 + byte & 0xFFFF
    return value
`;
