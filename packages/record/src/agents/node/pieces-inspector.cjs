'use strict';
// V8's profiles by the inspector, which every Node has.

const { Session } = require('node:inspector');
const { binding } = require('./waits-binding.cjs');
/** The program's own sessions are noticed by a wrapper around this method; ours are not the program's. */
const { connect } = Session.prototype;
const { stringify } = JSON;
const { profile: beginProfile, profileEnd: endProfile } = globalThis.console;

/** What the text of a profile is: as the protocol gives it. */
exports.form = 'profile';

/**
 * Profiles of the calling thread at the first of `intervals`, in microseconds, later at the next.
 *
 * `Profiler.start` knows one profile at a time; those of `console.profile` may overlap. Every session hears it, and
 * an interval is a session's. What begins late does not know the code that was optimised before, so all begin
 * together, and the first is what counts until it is given up.
 *
 * @returns `begin` begins the first piece. `next` begins another, then ends the one before it and returns the text of
 *   its profile, `null` without one; another interval counts from here on. `last` ends the last.
 */
exports.openPieces = function openPieces(intervals) {
  // They begin in the order in which they connect, and the thread of the last is the youngest: whoever asks what
  // sampling costs means the one that counts.
  const sessions = intervals.toReversed().map(openSession).toReversed();
  let begun = 0;

  function begin() {
    beginProfile(`whetstone ${++begun}`);
  }

  /** The text from the session that counts. */
  function end(number) {
    endProfile(`whetstone ${number}`);
    const [first] = sessions.map((session) => session.taken());
    return first;
  }

  return {
    begin,
    next(interval) {
      begin();
      const text = end(begun - 1);
      if (interval !== sessions[0].interval) sessions.shift().close();
      return text;
    },
    last() {
      const text = end(begun);
      for (const session of sessions) session.close();
      return text;
    },
  };
};

/** A session whose profiler follows `console.profile`. */
function openSession(interval) {
  let profile = null;
  const { post, close } = connectTo((message) => {
    if (!message.startsWith('{"method":"Profiler.consoleProfileFinished"')) return;
    const end = message.lastIndexOf(',"title":"whetstone ');
    if (end >= 0) profile = message.slice(message.indexOf('"profile":') + '"profile":'.length, end);
  });
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval });
  return {
    interval,
    close,
    /** The text of the piece that has ended, once. */
    taken() {
      const result = profile;
      profile = null;
      return result;
    },
  };
}

/**
 * A connection to the inspector that hears messages as text: Node's session makes objects of them, and we would
 * make text of those again, which takes longer than V8 needs for the profile.
 */
function connectTo(heard) {
  const Connection = binding('inspector')?.Connection;
  if (typeof Connection === 'function') {
    const connection = new Connection(heard);
    let id = 0;
    return {
      post: (method, params) => connection.dispatch(stringify({ id: ++id, method, params })),
      close: () => connection.disconnect(),
    };
  }
  const session = new Session();
  connect.call(session);
  session.on('inspectorNotification', (message) => heard(stringify(message)));
  return { post: (method, params) => session.post(method, params), close: () => session.disconnect() };
}
