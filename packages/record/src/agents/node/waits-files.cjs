'use strict';

// Files: callbacks and promises of `fs`, the methods of file handles, and streams of files.
//
// The synchronous functions are left alone: their errors carry the stack of the call, and a wrapper would stand in it.
// What they sleep for is unexplained.

const fs = require('node:fs');
const { wrap, awaited } = require('./waits-wrap.cjs');

const { apply, defineProperty, getPrototypeOf, ownKeys } = Reflect;

const callbacks = (
  'access appendFile chmod chown copyFile cp exists fchmod fchown fdatasync fstat fsync ftruncate futimes ' +
  'lchmod lchown link lstat lutimes mkdir mkdtemp open opendir read readdir readFile readlink readv realpath rename ' +
  'rm rmdir stat statfs symlink truncate unlink utimes write writeFile writev'
).split(' ');
const promises = (
  'access appendFile chmod chown copyFile cp lchmod lchown link lstat lutimes mkdir mkdtemp open opendir readdir ' +
  'readFile readlink realpath rename rm rmdir stat statfs symlink truncate unlink utimes writeFile'
).split(' ');
const handleMethods = (
  'appendFile chmod chown datasync read readFile readv stat sync truncate utimes write writeFile writev'
).split(' ');

exports.install = function install(ctx) {
  const { sites, ledger } = ctx;
  // A function of `fs` may call another of them; the user called the outer one.
  let inside = false;
  const paths = new WeakMap();

  function withCallback(call) {
    const handler = {
      apply(target, self, args) {
        const last = args.length - 1;
        const callback = args[last];
        if (inside || typeof callback !== 'function') return apply(target, self, args);
        const site = sites.find(handler.apply, call, 'file');
        if (site === null) return apply(target, self, args);
        const operation = ledger.begin(site, targetOf(args[0]));
        args[last] = new Proxy(callback, operation);
        return within(target, self, args, operation);
      },
    };
    return handler;
  }

  function within(target, self, args, operation) {
    let done = false;
    inside = true;
    // `finally` keeps the place that Node names for an uncaught error; `catch` would put ours in its stead.
    try {
      const result = apply(target, self, args);
      done = true;
      return result;
    } finally {
      inside = false;
      if (!done) ledger.drop(operation);
    }
  }

  function withPromise(call, onValue) {
    const handler = {
      apply(target, self, args) {
        if (inside) return apply(target, self, args);
        const site = sites.find(handler.apply, call, 'file');
        if (site === null) return apply(target, self, args);
        const path = self !== undefined && self !== null ? paths.get(self) : undefined;
        const operation = ledger.begin(site, path ?? targetOf(args[0]));
        const result = within(target, self, args, operation);
        if (!(result instanceof Promise)) {
          ledger.drop(operation);
          return result;
        }
        return awaited(result, ledger, operation, ctx, onValue && ((value) => onValue(value, operation.target)));
      },
    };
    return handler;
  }

  for (const name of callbacks) wrap(fs, name, withCallback(`fs.${name}`));
  // The class of file handles is seen when the first file is opened.
  let handleKnown = false;
  for (const name of promises) wrap(fs.promises, name, withPromise(`fs.promises.${name}`, name === 'open' ? opened : undefined));

  function opened(handle, path) {
    if (typeof handle !== 'object' || handle === null) return;
    paths.set(handle, path);
    if (handleKnown) return;
    handleKnown = true;
    const prototype = getPrototypeOf(handle);
    for (const name of handleMethods) wrap(prototype, name, withPromise(`FileHandle.${name}`));
  }

  // A stream asks for its pieces long after the user's call: it keeps the place where it was created.
  for (const name of ['createReadStream', 'createWriteStream']) {
    const handler = {
      apply(target, self, args) {
        const stream = apply(target, self, args);
        const site = sites.find(handler.apply, `fs.${name}`, 'file');
        if (site !== null) followStream(stream, site);
        return stream;
      },
    };
    wrap(fs, name, handler);
  }

  function followStream(stream, site) {
    const key = ownKeys(stream).find((each) => typeof each === 'symbol' && each.description === 'kFs');
    const used = key === undefined ? undefined : stream[key];
    // A file system of the user's own stays untouched.
    if (used !== fs) return;
    const target = targetOf(stream.path);
    const followed = Object.create(fs);
    for (const name of ['open', 'read', 'write', 'writev', 'close', 'fsync']) {
      const original = fs[name];
      defineProperty(followed, name, {
        value(...args) {
          const last = args.length - 1;
          if (typeof args[last] !== 'function') return apply(original, fs, args);
          const operation = ledger.begin(site, target);
          args[last] = new Proxy(args[last], operation);
          return within(original, fs, args, operation);
        },
        writable: true,
        configurable: true,
      });
    }
    stream[key] = followed;
  }
};

/** The path, without the descriptor's number or the bytes of a buffer. */
function targetOf(path) {
  if (typeof path === 'string') return path;
  if (path instanceof URL && path.protocol === 'file:') return path.pathname;
  if (Buffer.isBuffer(path)) return path.toString();
  return undefined;
}
