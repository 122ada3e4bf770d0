'use strict';
// The file of one thread: one JSON object a line, appended at once, so that nothing is lost with the process.

const fs = require('node:fs');
const { openSync, writeFileSync, writeSync } = fs;
const toText = String;
const { stringify } = JSON;
const fromString = Buffer.from;

/**
 * Opens `<folder>/<pid>-<threadId>.jsonl`, under another name where a program before `execve` had it.
 *
 * The descriptor stays open: the program may change user, remove the folder or run out of descriptors.
 */
exports.openOutput = function openOutput(folder, pid, threadId) {
  let descriptor = -1;
  for (let attempt = 0; attempt < 1000 && descriptor < 0; attempt++) {
    const name = attempt === 0 ? `${pid}-${threadId}` : `${pid}-${threadId}.${attempt}`;
    try {
      descriptor = openSync(`${folder}/${name}.jsonl`, 'ax', 0o600);
    } catch (error) {
      if (error.code !== 'EEXIST') break;
    }
  }

  /** Appends text; false as soon as the disk or the folder refuses. */
  function write(text) {
    if (descriptor < 0) return false;
    try {
      const bytes = fromString(text);
      for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at, bytes.length - at);
      return true;
    } catch {
      descriptor = -1;
      return false;
    }
  }

  return {
    get open() {
      return descriptor >= 0;
    },
    /** All numbers below it are of files that were open before. */
    descriptor,
    write,
    record(object) {
      return write(stringify(object) + '\n');
    },
    /** For the parent's progress: how many samples this thread has written. */
    count(samples) {
      try {
        writeFileSync(`${folder}/${pid}-${threadId}.count`, toText(samples));
      } catch {}
    },
  };
};
