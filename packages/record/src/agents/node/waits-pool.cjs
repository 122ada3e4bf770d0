'use strict';

// Compression and cryptography that run in libuv's own threads while the program waits for them.

const {
  wrap,
  around,
  watched,
  promised,
  announced,
  cover,
  nameCallback,
  onFirstGet,
} = require('./waits-wrap.cjs');
const { binding } = require('./waits-binding.cjs');

const { getPrototypeOf, ownKeys } = Reflect;

exports.install = function install(ctx) {
  compression(ctx);
  // To load it takes longer than all the rest of ours: the loader tells when the program asks for it.
  let seen = false;
  const wanted = () => {
    if (seen) return;
    seen = true;
    cryptography(ctx);
  };
  ctx.cryptoWanted?.add(wanted);
  onFirstGet(globalThis, 'crypto', wanted);
};

const handles = ['Zlib', 'BrotliEncoder', 'BrotliDecoder', 'ZstdCompress', 'ZstdDecompress'];
const classes =
  /^(?:Deflate|Inflate|Gzip|Gunzip|DeflateRaw|InflateRaw|Unzip|BrotliCompress|BrotliDecompress|ZstdCompress|ZstdDecompress)$/;

/** Functions and streams of `zlib` all work through handles, which know nothing of the user's call but at their making. */
function compression({ sites, ledger }) {
  const known = new WeakMap();
  const created = watched((below, self, args) => {
    const site = sites.search(below, 'pool', compressionCall);
    if (site === null) return;
    const at = args.findLastIndex((each) => typeof each === 'function');
    const stream = { site, isWhole: !site.call.startsWith('zlib.create'), operation: null };
    args[at] = announced(args[at], () => answered(stream));
    known.set(self, stream);
  });
  const asked = watched((below, self) => {
    const stream = known.get(self);
    if (stream === undefined) return;
    if (stream.operation === null && Object.hasOwn(self, 'onerror')) failed(self, stream);
    if (stream.operation?.pending !== true) stream.operation = ledger.begin(stream.site);
  });
  const closed = watched((below, self) => {
    const operation = known.get(self)?.operation;
    if (operation) ledger.end(operation);
  });

  /** A function's buffer comes back in pieces, and is one wait; each piece of a stream is one of its own. */
  function answered({ operation, isWhole }) {
    if (operation === null) return;
    if (isWhole) ledger.step(operation);
    else ledger.end(operation);
  }

  function failed(handle, stream) {
    const { onerror } = handle;
    cover(
      handle,
      'onerror',
      announced(onerror, () => ledger.end(stream.operation)),
    );
    nameCallback(handle, onerror, 'onerror');
  }

  const inside = binding('zlib');
  for (const name of handles) {
    const prototype = inside?.[name]?.prototype;
    if (prototype === undefined) continue;
    wrap(prototype, 'init', created);
    wrap(prototype, 'write', asked);
    wrap(prototype, 'close', closed);
  }
}

/** `zlib.gzip` or `zlib.createGzip`, by the frames of Node's own; what computes at once is no wait. */
function compressionCall(inner) {
  const names = inner.map(([, name]) => name);
  const made = names.findLast((name) => classes.test(name));
  if (made === undefined || names.includes('syncBufferWrapper')) return null;
  return names.includes('asyncBufferWrapper')
    ? `zlib.${made[0].toLowerCase()}${made.slice(1)}`
    : `zlib.create${made}`;
}

/** They compute in another thread if they get a callback, and at once otherwise. */
const callbacks = (
  'argon2 checkPrime decapsulate diffieHellman encapsulate generateKey generateKeyPair generatePrime hkdf pbkdf2 ' +
  'randomBytes randomFill scrypt sign verify'
).split(' ');

function cryptography({ sites, ledger }) {
  const crypto = require('node:crypto');

  function withCallback(call) {
    return around(
      (below, self, args) => {
        const last = args.length - 1;
        if (typeof args[last] !== 'function') return null;
        const site = sites.find(below, call, 'pool');
        if (site === null) return null;
        const operation = ledger.begin(site);
        args[last] = new Proxy(args[last], operation);
        return operation;
      },
      (operation, result) => result,
      ledger.drop,
    );
  }

  function withPromise(call) {
    return promised(ledger, (below) => {
      const site = sites.find(below, call, 'pool');
      return site === null ? null : ledger.begin(site);
    });
  }

  for (const name of callbacks) wrap(crypto, name, withCallback(`crypto.${name}`));
  // Node has loaded it with the rest.
  const subtle = getPrototypeOf(crypto.webcrypto.subtle);
  for (const name of ownKeys(subtle)) {
    if (typeof name === 'string' && name !== 'constructor')
      wrap(subtle, name, withPromise(`crypto.subtle.${name}`));
  }
  require('node:module').syncBuiltinESMExports();
}
