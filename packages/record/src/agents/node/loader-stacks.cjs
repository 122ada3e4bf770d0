'use strict';
// Stacks as without us: lines of their own are mapped back, and frames of the loader read as Node's.
const util = require('node:util');

const own = __dirname;
const { captureStackTrace } = Error;

/**
 * Stands between the engine and whatever formats stacks: `Error.prepareStackTrace` reads and writes as
 * before, and the CallSites that it gets tell the user's lines. `null` where the program's settings leave
 * no room for that.
 *
 * `original(url, line, column)` gives the user's position or null; `disguise(function)` the frame of
 * Node that one of ours stands for, or null for a frame to leave out.
 */
exports.installStacks = function installStacks(original, disguise) {
  const before = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  if (before && !before.configurable) return null;
  const native = Error.prepareStackTrace;
  // What the program set, `native` until then.
  let current = native;
  let raw = null;
  let thrown = null;
  let wrapped = null;
  let CallSite = null;

  // Named and shaped as Node's default, for it stands where a program reads that.
  function ErrorPrepareStackTrace(error, trace) {
    const sites = mapTrace(trace);
    if (typeof native === 'function') return native(error, sites);
    const head = Error.prototype.toString.call(error);
    return sites.length === 0 ? head : `${head}\n    at ${sites.join('\n    at ')}`;
  }

  Object.defineProperty(Error, 'prepareStackTrace', {
    configurable: true,
    enumerable: before?.enumerable ?? false,
    get: function prepareStackTrace() {
      if (raw) return raw;
      if (thrown) throw thrown.error;
      if (current === native) return ErrorPrepareStackTrace;
      if (wrapped) {
        // Node asks for the type and then calls: this is the second time.
        const call = wrapped;
        wrapped = null;
        return call;
      }
      if (!isFormatting()) return current;
      if (typeof current !== 'function') return ErrorPrepareStackTrace;
      const set = current;
      wrapped = (error, trace) => Reflect.apply(set, Error, [error, mapTrace(trace)]);
      return wrapped;
    },
    set: function prepareStackTrace(value) {
      current = value === ErrorPrepareStackTrace ? native : value;
      wrapped = null;
    },
  });

  /** Whether the engine is formatting a stack just now: inside that, it does not call for another. */
  function isFormatting() {
    let called = false;
    withRaw(() => (called = true));
    return !called;
  }

  function withRaw(format) {
    const probe = {};
    const limit = Error.stackTraceLimit;
    raw = format;
    try {
      setLimit(8);
      captureStackTrace(probe);
      return probe.stack;
    } catch {
      return undefined;
    } finally {
      raw = null;
      setLimit(limit);
    }
  }

  function mapTrace(trace) {
    let result = trace;
    for (let i = 0; i < trace.length; i++) {
      const site = mapSite(trace[i]);
      if (site === trace[i]) {
        if (result !== trace) result.push(site);
        continue;
      }
      if (result === trace) result = trace.slice(0, i);
      if (site) result.push(site);
    }
    return result;
  }

  /** The same frame with true positions; null for a frame that is not the program's at all. */
  function mapSite(site) {
    try {
      const file = site.getFileName();
      if (typeof file === 'string') {
        if (file.startsWith(own)) {
          return disguise(site.getFunctionName() ?? '');
        }
        const place = original(file, site.getLineNumber(), site.getColumnNumber());
        if (place) return disguised(site, { file, ...place });
      }
      if (!site.isEval()) return site;
      const origin = site.getEvalOrigin();
      const mapped = typeof origin === 'string' ? mapText(origin) : origin;
      if (mapped === origin) return site;
      return disguised(site, {
        file,
        line: site.getLineNumber(),
        column: site.getColumnNumber(),
        origin: mapped,
      });
    } catch {
      return site;
    }
  }

  /** Every `file:line:column` of a known file inside a text. */
  function mapText(text) {
    return text.replace(/((?:file:\/\/)?\/[^\n()]*?):(\d+):(\d+)/g, (all, file, line, column) => {
      const place = original(file, Number(line), Number(column));
      return place ? `${file}:${place.line}:${place.column}` : all;
    });
  }

  function disguised(site, place) {
    CallSite ??= mappedCallSite(Object.getPrototypeOf(site), original);
    return new CallSite(site, place);
  }

  const { getCallSites } = util;
  if (typeof getCallSites === 'function') {
    util.getCallSites = {
      getCallSites(frameCount = 10, options) {
        const more =
          typeof frameCount === 'number' && frameCount >= 1 && frameCount < 200 ? frameCount + 1 : frameCount;
        const sites = Reflect.apply(getCallSites, util, arguments.length < 2 ? [more] : [more, options]);
        const result = [];
        for (const site of sites) {
          if (!site.scriptName.startsWith(own)) {
            setPlace(site, original(site.scriptName, site.lineNumber, site.columnNumber ?? site.column));
            result.push(site);
            continue;
          }
          const stand = disguise(site.functionName);
          if (!stand) continue;
          site.functionName = '';
          site.scriptName = stand.getFileName();
          setPlace(site, { line: stand.getLineNumber(), column: stand.getColumnNumber() });
          result.push(site);
        }
        if (more !== frameCount && result.length > frameCount) result.length = frameCount;
        return result;
      },
    }.getCallSites;
  }
  return {
    mapText,
    /** Runs work in which the source text `Error.prepareStackTrace` throws an error. */
    throwing(error, work) {
      thrown = { error };
      try {
        work();
      } finally {
        thrown = null;
      }
    },
    /** The plain frames of this moment, whatever the program has set. */
    frames() {
      const frames = withRaw((_, trace) => trace);
      return Array.isArray(frames) ? frames : [];
    },
  };
};

/** Into what `util.getCallSites` gives. */
function setPlace(site, where) {
  if (!where) return;
  site.lineNumber = where.line;
  if ('column' in site) site.column = where.column;
  if ('columnNumber' in site) site.columnNumber = where.column;
}

/** Where the program has frozen it, it stays as it is. */
function setLimit(limit) {
  Reflect.set(Error, 'stackTraceLimit', limit);
}

/** A class like V8's, with other positions. */
function mappedCallSite(prototype, original) {
  class CallSite {
    #site;
    #place;
    constructor(site, place) {
      this.#site = site;
      this.#place = place;
    }
    getFileName() {
      return this.#place.file;
    }
    getScriptNameOrSourceURL() {
      const name = this.#site.getScriptNameOrSourceURL();
      return name === this.#site.getFileName() ? this.#place.file : name;
    }
    getLineNumber() {
      return this.#place.line;
    }
    getColumnNumber() {
      return this.#place.column;
    }
    getEnclosingLineNumber() {
      const line = this.#site.getEnclosingLineNumber();
      return original(this.#site.getFileName(), line, this.#site.getEnclosingColumnNumber())?.line ?? line;
    }
    getEvalOrigin() {
      return this.#place.origin ?? this.#site.getEvalOrigin();
    }
    toString() {
      const text = this.#site.toString();
      const { file, line, column, origin } = this.#place;
      if (origin !== undefined) return text.replace(this.#site.getEvalOrigin(), () => origin);
      const from = `${this.#site.getFileName()}:${this.#site.getLineNumber()}:${this.#site.getColumnNumber()}`;
      const at = text.lastIndexOf(from);
      return at < 0 ? text : `${text.slice(0, at)}${file}:${line}:${column}${text.slice(at + from.length)}`;
    }
    static {
      for (const name of Object.getOwnPropertyNames(prototype)) {
        if (Object.hasOwn(CallSite.prototype, name) || typeof prototype[name] !== 'function') continue;
        const value = function () {
          return this.#site[name]();
        };
        Object.defineProperty(value, 'name', { value: name, configurable: true });
        Object.defineProperty(CallSite.prototype, name, { value });
      }
    }
  }
  return CallSite;
}
