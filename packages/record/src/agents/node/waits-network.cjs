'use strict';

// Names, sockets, HTTP and fetch.
//
// Of HTTP's answers and requests to a server Node's diagnostics channels tell; nothing is wrapped for it.

const { channel, subscribe } = require('node:diagnostics_channel');
const dns = require('node:dns');
const net = require('node:net');
const { errorMonitor } = require('node:events');
const {
  wrap,
  around,
  promised,
  awaited,
  announced,
  cover,
  nameCallback,
  onEvents,
} = require('./waits-wrap.cjs');
const { followStreams } = require('./waits-streams.cjs');

const { getPrototypeOf, ownKeys } = Reflect;
/** `http` itself, which takes 2 ms to load, is not needed then. */
const tellsOfRequests = Number.parseInt(process.versions.node, 10) >= 24;
const hear =
  typeof subscribe === 'function' ? subscribe : (name, listener) => channel(name).subscribe(listener);

exports.install = function install(ctx) {
  names(ctx);
  sockets(ctx);
  servers(ctx);
  requests(ctx);
  fetches(ctx);
};

function names(ctx) {
  const { sites, ledger } = ctx;
  const known = /^(lookup|lookupService|resolve\w*|reverse)$/;

  function withCallback(call) {
    return around(
      (below, self, args) => {
        const last = args.length - 1;
        if (typeof args[last] !== 'function') return null;
        const site = sites.search(below, 'dns', () => call);
        if (site === null) return null;
        const operation = ledger.begin(site, hostOf(args[0]));
        operation.callback = args[last];
        args[last] = new Proxy(args[last], operation);
        return operation;
      },
      (operation, request) => {
        nameCallback(request, operation.callback);
        return request;
      },
      ledger.drop,
    );
  }

  function withPromise(call) {
    return promised(ledger, (below, self, args) => {
      const site = sites.find(below, call, 'dns');
      return site === null ? null : ledger.begin(site, hostOf(args[0]));
    });
  }

  for (const name of ownKeys(dns)) {
    if (typeof name === 'string' && known.test(name)) wrap(dns, name, withCallback(`dns.${name}`));
  }
  for (const name of ownKeys(dns.promises)) {
    if (typeof name === 'string' && known.test(name))
      wrap(dns.promises, name, withPromise(`dns.promises.${name}`));
  }
}

function hostOf(host) {
  return typeof host === 'string' ? host : undefined;
}

function sockets({ sites, ledger }) {
  const connected = around(
    (below) => sites.search(below, 'socket', socketCall),
    (site, result, self, args) => {
      if (!(self instanceof net.Socket) || !self.connecting) return result;
      const address = addressOf(args);
      const operation = ledger.begin(site, address);
      const data = ledger.listen(sites.beside(site, `${site.call} data`), address, () => self.destroyed);
      operation.abandoned = () => self.destroyed;
      onEvents(self, () => {
        if (!operation.pending) ledger.arrived(data);
        else if (!self.connecting) ledger.end(operation);
      });
      return result;
    },
    () => {},
  );
  wrap(net.Socket.prototype, 'connect', connected);
}

/** What the user called; `null` where HTTP or fetch, which have waits of their own, opened the socket. */
function socketCall(inner) {
  if (inner.some(([file]) => /undici|_http_/.test(file))) return null;
  const outer = inner.at(-1);
  if (outer === undefined) return 'Socket.connect';
  return `${/tls/.test(outer[0]) ? 'tls' : 'net'}.${outer[1] || 'connect'}`;
}

function addressOf(args) {
  // `net.connect` hands on its normalized arguments: an array of options and callback.
  const [options, host] = Array.isArray(args[0]) ? args[0] : args;
  if (typeof options === 'number') return `${typeof host === 'string' ? host : 'localhost'}:${options}`;
  if (typeof options === 'string') return options;
  if (typeof options?.path === 'string') return options.path;
  return options?.port === undefined ? undefined : `${options.host ?? 'localhost'}:${options.port}`;
}

/** Servers wait for requests and connections: the sleep until one comes belongs to where they listen. */
function servers({ sites, ledger }) {
  const listeners = new WeakMap();
  const listened = around(
    (below) => sites.search(below, 'server', () => 'server.listen'),
    (site, result, self) => {
      const listener = ledger.listen(site, undefined, () => {
        nameAddress(listener, self);
        return !self.listening;
      });
      listeners.set(self, listener);
      return result;
    },
    () => {},
  );
  wrap(net.Server.prototype, 'listen', listened);

  function came(server) {
    const listener = server && listeners.get(server);
    if (!listener) return;
    nameAddress(listener, server);
    ledger.arrived(listener);
  }
  hear('http.server.request.start', (message) => came(message.server));
  hear('net.server.socket', (message) => came(message.socket?.server));
}

/** The address is known once the server listens. */
function nameAddress(listener, server) {
  if (listener.target !== undefined || typeof server.address !== 'function') return;
  const address = server.address();
  if (address !== null)
    listener.target = typeof address === 'string' ? address : `${address.address}:${address.port}`;
}

/** Client requests of `http` and `https`: until the answer's headers, then until the body's end. */
function requests({ sites, ledger }) {
  const asked = new WeakMap();

  // The channel of a request's start speaks when it is sent; the user's call is on the stack when it is made, and
  // when an agent gets it.
  if (tellsOfRequests) hear('http.client.request.created', created);
  else {
    const { Agent, ClientRequest } = require('node:http');
    const added = around(
      (below, self, args) => (args[0] instanceof ClientRequest ? start(args[0], below) : null),
      (operation, result) => result,
      ledger.drop,
    );
    wrap(Agent.prototype, 'addRequest', added);
  }

  function created({ request }) {
    try {
      start(request, created);
    } catch {
      // What is thrown here would end the program.
    }
  }

  function start(request, below) {
    const secure = request.protocol === 'https:';
    const scheme = secure ? 'https' : 'http';
    const site = sites.search(
      below,
      'http',
      (inner) => `${scheme}.${inner.at(-1)?.[1] === 'get' ? 'get' : 'request'}`,
    );
    if (site === null) return null;
    const given = String(request.getHeader('host') ?? request.host);
    const where = /:\d+$/.test(given) ? given : `${given}:${secure ? 443 : 80}`;
    const operation = ledger.begin(site, `${request.method} ${where}${pathOf(request.path)}`);
    operation.abandoned = () => request.destroyed;
    asked.set(request, operation);
    request.once(errorMonitor, () => ledger.end(operation));
    return operation;
  }

  function answered({ request, response }) {
    const operation = asked.get(request);
    if (operation === undefined) return;
    asked.delete(request);
    ledger.end(operation);
    const body = ledger.begin(sites.beside(operation.site, `${operation.site.call} body`), operation.target);
    body.abandoned = () => response.destroyed || response.complete;
    onEvents(response, () => {
      if (response.complete || response.destroyed) ledger.end(body);
    });
    // The parser pushes the pieces; the last push comes when the message is complete.
    const { push } = response;
    if (typeof push !== 'function') return;
    const heard = announced(push, () => {
      if (response.complete) ledger.end(body);
    });
    cover(response, 'push', heard);
  }

  hear('http.client.response.finish', answered);
}

function fetches(ctx) {
  const { sites, ledger } = ctx;
  const answers = new WeakMap();
  let responseKnown = false;

  const fetched = around(
    (below, self, args) => {
      const site = sites.find(below, 'fetch', 'http');
      return site === null ? null : ledger.begin(site, requestOf(args));
    },
    (operation, promise) =>
      awaited(promise, ledger, operation, (response) => answered(response, operation.target)),
    ledger.drop,
  );
  wrap(globalThis, 'fetch', fetched);

  function answered(response, target) {
    if (typeof response !== 'object' || response === null) return;
    answers.set(response, target);
    if (responseKnown) return;
    responseKnown = true;
    const prototype = getPrototypeOf(response);
    for (const name of ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'])
      wrap(prototype, name, read(name));
    followStreams(ctx, prototype, (body) => answers.get(body));
  }

  function read(name) {
    return promised(ledger, (below, self) => {
      const site = answers.has(self) ? sites.find(below, `response.${name}`, 'http') : null;
      return site === null ? null : ledger.begin(site, answers.get(self));
    });
  }
}

/** `GET host:port/path`, without the query and without user and password: they may hold secrets. */
function requestOf([input, init]) {
  try {
    const isUrl = typeof input === 'string' || input instanceof URL;
    const url = new URL(isUrl ? input : input.url);
    const method = init?.method ?? (isUrl ? undefined : input.method) ?? 'GET';
    if (url.host === '') return `${method} ${url.protocol}`;
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    return `${method} ${url.hostname}:${port}${pathOf(url.pathname)}`;
  } catch {
    return undefined;
  }
}

/** A path without its query; a part that is as long and as random as a key is left out. */
function pathOf(path) {
  return String(path ?? '')
    .replace(/[?#].*$/s, '')
    .replace(/[\w.~-]{32,}/g, '…');
}
