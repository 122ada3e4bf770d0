'use strict';

// Installs the waits as the agent does, alone. Everything goes to one file for each thread.
const { openSync, writeSync } = require('node:fs');
const { join } = require('node:path');
const { threadId } = require('node:worker_threads');

const agentFolder = join(__dirname, '../../src/agents/node');
const later = setInterval;
const file = openSync(join(process.env.WAITS_FOLDER, `${threadId}.jsonl`), 'a');
const record = (object) => writeSync(file, `${JSON.stringify(object)}\n`);

// Its loader tells the agent of programs that ask for `node:crypto`; here all of them may.
const cryptoWanted = new Set();
const waits = require(join(agentFolder, 'waits.cjs')).install({
  folder: process.env.WAITS_FOLDER,
  pass: 'time',
  options: {},
  record,
  note: (code, message) => record({ type: 'note', code, message }),
  agentFolder,
  workingDirectory: process.cwd(),
  cryptoWanted,
  heapUsed: () => process.memoryUsage().heapUsed,
});
for (const wanted of cryptoWanted) wanted();

// Not kept alive by us, and flushed as the agent does.
later(() => waits.flush(), 200).unref();
process.on('exit', () => waits.stop());
