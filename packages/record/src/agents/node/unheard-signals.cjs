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
/** Those that we listen to. */
const names = { 1: 'SIGHUP', 2: 'SIGINT', 15: 'SIGTERM' };

/**
 * Pipes that libuv may hear signals by, as `{name, read, write}` with the paths of both ends, of which neither blocks.
 *
 * Node makes them before all else: what has a number from `before` on may be the program's, and is left alone.
 */
exports.signalPipes = function signalPipes(before) {
  const pipes = new Map();
  try {
    for (const fd of readdirSync('/proc/self/fd')) {
      const found = Number(fd) < before ? endOf(fd) : null;
      if (found === null) continue;
      const { name, end } = found;
      const pipe = pipes.get(name) ?? { name };
      pipes.set(name, pipe);
      pipe[end] = `/proc/self/fd/${fd}`;
    }
  } catch {}
  return [...pipes.values()].filter(({ read, write }) => read !== undefined && write !== undefined);
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

/** Names of the signals that lie in a pipe; they are put back for the thread that they are meant for. */
exports.signalsIn = function signalsIn({ name, read, write }) {
  const bytes = Buffer.allocUnsafe(MOST);
  const opened = [];
  const open = (end, flags) => {
    // The program may have closed it, and the number be that of another file.
    if (readlinkSync(end) !== name) throw new Error(`${end} is no longer ${name}`);
    opened.push(openSync(end, flags | O_NONBLOCK));
    return opened.at(-1);
  };
  const found = [];
  try {
    const [to, from] = [open(write, O_WRONLY), open(read, O_RDONLY)];
    const length = readSync(from, bytes);
    writeSync(to, bytes, 0, length);
    for (let at = 0; at + MESSAGE <= length; at += MESSAGE) {
      const signal = names[bytes.readInt32LE(at + NUMBER)];
      if (signal !== undefined) found.push(signal);
    }
  } catch {
    // Nothing is there, or it is gone.
  } finally {
    for (const fd of opened) closeSync(fd);
  }
  return found;
};
