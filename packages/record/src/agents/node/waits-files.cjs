'use strict';

// Files: callbacks and promises of `fs`, the methods of file handles, and streams of files.
//
// The synchronous functions are left alone: their errors carry the stack of the call, and a wrapper would stand in it.
// What they sleep for is unexplained.

const fs = require('node:fs');
const { wrap, around, awaited, cover, nameCallback } = require('./waits-wrap.cjs');
const { binding } = require('./waits-binding.cjs');

const { defineProperty, getPrototypeOf, ownKeys } = Reflect;

const callbacks = (
  'access appendFile chmod chown copyFile cp exists fchmod fchown fdatasync fstat fsync ftruncate futimes ' +
  'lchmod lchown link lstat lutimes mkdir mkdtemp open opendir read readdir readFile readlink readv realpath rename ' +
  'rm rmdir stat statfs symlink truncate unlink utimes write writeFile writev'
).split(' ');
const promises = (
  'access appendFile chmod chown copyFile cp lchmod lchown link lstat lutimes mkdir mkdtemp open opendir readdir ' +
  'readFile readlink realpath rename rm rmdir stat statfs symlink truncate unlink utimes writeFile'
).split(' ');
const handleMethods =
  'appendFile chmod chown datasync read readFile readv stat sync truncate utimes write writeFile writev'.split(
    ' ',
  );

exports.install = function install(ctx) {
  const { sites, ledger } = ctx;
  const paths = new WeakMap();
  // The callback of the call that is running.
  let reading;

  function withCallback(call) {
    return around(
      (below, self, args) => {
        const last = args.length - 1;
        if (typeof args[last] !== 'function') return null;
        const site = sites.find(below, call, 'file');
        if (site === null) return null;
        const operation = ledger.begin(site, targetOf(args[0]));
        reading = args[last];
        args[last] = new Proxy(args[last], operation);
        return operation;
      },
      (operation, result) => {
        reading = undefined;
        return result;
      },
      ledger.drop,
    );
  }

  // Some versions call the callback of `readFile` as a method of its context, whose name stands in stacks. The context
  // is seen when a request is given it.
  const inside = binding('fs');
  for (const request of [inside?.FSReqCallback?.prototype, inside?.ReadFileJob?.prototype]) {
    if (request === undefined || 'context' in request) continue;
    defineProperty(request, 'context', {
      set: nameInContext,
      get() {},
      configurable: true,
      enumerable: false,
    });
  }

  function nameInContext(context) {
    defineProperty(this, 'context', { value: context, writable: true, enumerable: true, configurable: true });
    if (reading !== undefined) nameCallback(context, reading);
  }

  function withPromise(call, onValue) {
    return around(
      (below, self, args) => {
        const site = sites.find(below, call, 'file');
        if (site === null) return null;
        return ledger.begin(
          site,
          (typeof self === 'object' && self !== null && paths.get(self)) || targetOf(args[0]),
        );
      },
      (operation, promise) =>
        awaited(promise, ledger, operation, onValue && ((value) => onValue(value, operation.target))),
      ledger.drop,
    );
  }

  // Before they are wrapped.
  const originals = new Map(['open', 'read', 'write', 'writev'].map((name) => [name, fs[name]]));
  for (const name of callbacks) wrap(fs, name, withCallback(`fs.${name}`));
  // The class of file handles is seen when the first file is opened.
  let handleKnown = false;
  for (const name of promises)
    wrap(fs.promises, name, withPromise(`fs.promises.${name}`, name === 'open' ? opened : undefined));

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
    const handler = around(
      (below) => sites.find(below, `fs.${name}`, 'file'),
      (site, stream) => {
        followStream(stream, site);
        return stream;
      },
      () => {},
    );
    wrap(fs, name, handler);
  }

  function followStream(stream, site) {
    const key = ownKeys(stream).find((each) => typeof each === 'symbol' && each.description === 'kFs');
    // A file system of the user's own stays untouched.
    if (key === undefined || stream[key] !== fs) return;
    const target = targetOf(stream.path);
    const followed = Object.create(fs);
    const handler = around(
      (below, self, args) => {
        const last = args.length - 1;
        if (typeof args[last] !== 'function') return null;
        const operation = ledger.begin(site, target);
        args[last] = new Proxy(args[last], operation);
        return operation;
      },
      (operation, result) => result,
      ledger.drop,
    );
    for (const name of ['open', 'read', 'write', 'writev', 'close', 'fsync']) {
      cover(followed, name, new Proxy(originals.get(name) ?? fs[name], handler));
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
