'use strict';
// Node hears a signal through a pipe of libuv: its handler writes there what came, and the main thread's loop
// reads it. A main thread that never gets back to its loop leaves it there, and with us a signal that would have
// ended the program has no effect: so another thread looks whether something stays in the pipe.

const {
  closeSync,
  constants,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  readSync,
  writeSync,
} = require('node:fs');
const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/** A message is the address of a handle, the signal's number and four bytes to fill it up. */
const MESSAGE = 16;
const NUMBER = 8;
/** Far more than libuv takes at once, and little enough to be written back in one piece. */
const MOST = 64 * MESSAGE;
/** Of the numbers that the program asked us to hear. */
const names = { 1: 'SIGHUP', 2: 'SIGINT', 15: 'SIGTERM' };

/** Pipes that libuv may hear signals by, as `{read, write}` paths: both ends are ours, and neither blocks. */
exports.signalPipes = function signalPipes() {
  const ends = new Map();
  try {
    for (const fd of readdirSync('/proc/self/fd')) {
      const pipe = endOf(fd);
      if (pipe === null) continue;
      const both = ends.get(pipe.name) ?? {};
      ends.set(pipe.name, both);
      both[pipe.end] = `/proc/self/fd/${fd}`;
    }
  } catch {}
  return [...ends.values()].filter(({ read, write }) => read !== undefined && write !== undefined);
};

function endOf(fd) {
  try {
    const name = readlinkSync(`/proc/self/fd/${fd}`);
    if (!name.startsWith('pipe:')) return null;
    const flags = Number.parseInt(
      /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))[1],
      8,
    );
    if ((flags & O_NONBLOCK) === 0) return null;
    return { name, end: (flags & 3) === O_WRONLY ? 'write' : 'read' };
  } catch {
    return null;
  }
}

/** Names of the signals that lie in a pipe; they are put back for whom they are meant for. */
exports.signalsIn = function signalsIn({ read, write }) {
  const bytes = Buffer.allocUnsafe(MOST);
  const length = readNow(read, bytes);
  if (length === 0) return [];
  const fd = openSync(write, O_WRONLY | O_NONBLOCK);
  try {
    writeSync(fd, bytes, 0, length);
  } finally {
    closeSync(fd);
  }
  const found = [];
  if (length % MESSAGE !== 0) return found;
  for (let at = 0; at < length; at += MESSAGE) {
    const name = names[bytes.readInt32LE(at + NUMBER)];
    if (name !== undefined) found.push(name);
  }
  return found;
};

/** 0 where nothing is there. */
function readNow(path, bytes) {
  let fd;
  try {
    fd = openSync(path, O_RDONLY | O_NONBLOCK);
    return readSync(fd, bytes);
  } catch {
    return 0;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
