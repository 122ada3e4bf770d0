'use strict';

// Where in the user's program a wait begins.
//
// Stacks are taken with the `Error` of another realm: its `stackTraceLimit` and `prepareStackTrace` are ours
// alone, so that what the program sets on its own `Error` neither sees us nor disturbs us, and lines come as
// the engine names them.

const { runInContext, createContext, constants } = require('node:vm');

// Frames between a call in the user's code and the function that we wrap: `exec` → `execFile` → `spawn`.
const deepest = 40;
// Places that one program may have before they are no longer told apart: bounds the memory of generated code.
const mostSites = 20_000;

/** `capture(below, limit)`: the frames of the callers of the function `below`, which must be on the stack. */
let capture = (below, limit) => {
  // Many programs wait for nothing, and to make a realm takes a millisecond.
  capture = runInContext(
    `'use strict';
    const RealmError = Error, captureStackTrace = Error.captureStackTrace;
    RealmError.prepareStackTrace = (error, frames) => frames;
    (below, limit) => {
      const holder = {};
      RealmError.stackTraceLimit = limit;
      captureStackTrace(holder, below);
      return holder.stack;
    }`,
    createContext(constants?.DONT_CONTEXTIFY ?? {}),
    // What samples show of it is ours.
    __filename,
  );
  return capture(below, limit);
};

/** Frames that hand on the user's call: `util.promisify`, and built-ins such as `new Promise`. */
function passesOn([file]) {
  return !file.startsWith('node:') || file === 'node:internal/util';
}

/** What has an answer, and is over with it: other than a timer, a child's life, or a server that listens. */
function isRequest(call, kind) {
  return requests.has(kind) || call === 'child_process.exec' || call === 'child_process.execFile';
}
const requests = new Set(['http', 'dns', 'file', 'pool']);

const dependency = /[\\/]node_modules[\\/]/;

/**
 * @param agentFolder Frames of files below it are ours, and never the user's.
 * @param isCompiling Whether the loader is at work: what begins meanwhile is ours.
 */
exports.createSites = function createSites({ agentFolder, folder, isCompiling = () => false }) {
  const owners = new Map();
  const table = new Map();
  let fresh = [];
  let count = 0;

  /** Whose file it is: `own`, `dependency`, `runtime` or `agent`. */
  function ownerOf(file) {
    if (typeof file !== 'string' || file === '') return 'runtime';
    let owner = owners.get(file);
    if (owner === undefined) {
      const path = file.startsWith('file://') ? file.slice(7) : file;
      if (file.startsWith('node:')) owner = 'runtime';
      else if (path.startsWith(agentFolder) || (folder && path.startsWith(folder))) owner = 'agent';
      else owner = dependency.test(file) ? 'dependency' : 'own';
      owners.set(file, owner);
    }
    return owner;
  }

  /** The site of `call` at the frame: made once, found by the position in the file afterwards. */
  function siteAt(frame, file, call, kind) {
    let positions = table.get(call);
    if (positions === undefined) table.set(call, (positions = new Map()));
    const position = frame === null ? -1 : frame.getPosition();
    let sites = positions.get(position);
    if (sites === undefined) positions.set(position, (sites = []));
    for (let index = 0; index < sites.length; index++) if (sites[index].url === file) return sites[index];
    if (count >= mostSites) return null;
    const site = {
      id: count++,
      url: file,
      line: frame?.getLineNumber() ?? 0,
      column: frame?.getColumnNumber() ?? 0,
      function: frame?.getFunctionName() ?? '',
      call,
      kind,
      isRequest: isRequest(call, kind),
      // What `Waits` keeps here: sums of short waits, by target.
      rows: 0,
      target: undefined,
      sum: undefined,
      sums: undefined,
    };
    sites.push(site);
    fresh.push(site);
    return site;
  }

  return {
    /**
     * The first frame of the user's above the function `below`: their own code, else a dependency's.
     * `null` where there is none, and where the caller is the agent itself.
     */
    find(below, call, kind) {
      if (isCompiling()) return null;
      const first = capture(below, 1)[0];
      if (first !== undefined) {
        const file = first.getFileName();
        const owner = ownerOf(file);
        if (owner === 'own') return siteAt(first, file, call, kind);
        if (owner === 'agent') return null;
      }
      return this.search(below, kind, (inner) => (inner.every(passesOn) ? call : null));
    },

    /**
     * As `find`, with a call that is named by the frames of Node's own that lie between.
     * `name` gets them as `[file, function]`, outermost last, and returns `null` where the wait is another's.
     */
    search(below, kind, name) {
      if (isCompiling()) return null;
      const frames = capture(below, deepest);
      const inner = [];
      let between = true;
      let other = null;
      let otherFile = null;
      for (let index = 0; index < frames.length; index++) {
        const frame = frames[index];
        const file = frame.getFileName();
        const owner = ownerOf(file);
        if (owner === 'agent') continue;
        if (owner === 'runtime') {
          if (between) inner.push([file ?? '', frame.getFunctionName() ?? '']);
        } else if (owner === 'own') {
          const call = name(inner);
          return call === null ? null : siteAt(frame, file, call, kind);
        } else {
          between = false;
          if (other === null) {
            other = frame;
            otherFile = file;
          }
        }
      }
      if (other === null) return null;
      const call = name(inner);
      return call === null ? null : siteAt(other, otherFile, call, kind);
    },

    /** Another call at the place of `site`: reading the body of an answer that `site` asked for. */
    beside(site, call, kind = site.kind) {
      site.beside ??= new Map();
      let other = site.beside.get(call);
      if (other === undefined) {
        other = {
          ...site,
          id: count++,
          call,
          kind,
          isRequest: isRequest(call, kind),
          rows: 0,
          target: undefined,
          sum: undefined,
          sums: undefined,
          beside: undefined,
        };
        site.beside.set(call, other);
        fresh.push(other);
      }
      return other;
    },

    /** The sites that came up since the last call. */
    take() {
      const taken = fresh.map(({ id, url, line, column, function: name, call, kind }) => ({
        id,
        url,
        line,
        column,
        function: name,
        call,
        kind,
      }));
      fresh = [];
      return taken;
    },
  };
};
