'use strict';

// Pieces of an answer's body, as a program reads them from a stream of the web.

const { wrap, wrapGetter, around, promised, cover } = require('./waits-wrap.cjs');

/**
 * Follows the bodies of `fetch`'s answers, whose class has this prototype, and what they are piped through.
 * `targetOf(response)` says what was asked.
 */
exports.followStreams = function followStreams({ sites, ledger }, prototype, targetOf) {
  const {
    ReadableStream,
    ReadableStreamBYOBReader,
    ReadableStreamDefaultReader,
  } = require('node:stream/web');
  // Of streams and of their readers.
  const targets = new WeakMap();

  /** What is made of a known stream, or read from it, is known too. */
  const handedOn = around(
    (below, self) => targets.get(self) ?? null,
    (target, result) => {
      if (typeof result === 'object' && result !== null) targets.set(result, target);
      return result;
    },
    () => {},
  );
  const read = promised(ledger, (below, self) => {
    const target = targets.get(self);
    const site = target === undefined ? null : sites.find(below, 'response.body', 'http');
    return site === null ? null : ledger.begin(site, target);
  });
  const iterated = around(
    (below, self) => targets.get(self) ?? null,
    (target, iterator) => {
      targets.set(iterator, target);
      wrap(iterator, 'next', read);
      return iterator;
    },
    () => {},
  );

  wrapGetter(
    prototype,
    'body',
    around(
      (below, self) => targetOf(self) ?? null,
      (target, stream) => {
        if (stream !== null) targets.set(stream, target);
        return stream;
      },
      () => {},
    ),
  );
  for (const name of ['getReader', 'pipeThrough']) wrap(ReadableStream.prototype, name, handedOn);
  for (const reader of [ReadableStreamDefaultReader, ReadableStreamBYOBReader])
    wrap(reader.prototype, 'read', read);
  // One and the same function under two names.
  const { values } = ReadableStream.prototype;
  wrap(ReadableStream.prototype, 'values', iterated);
  if (ReadableStream.prototype[Symbol.asyncIterator] === values)
    cover(ReadableStream.prototype, Symbol.asyncIterator, ReadableStream.prototype.values);
};
