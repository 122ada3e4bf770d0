import { ServeError } from './errors.ts';
import { type Limits, defaultLimits } from './limits.ts';
import type { ServeOptions } from './options.ts';

const names = new Set<keyof ServeOptions>([
  'fetch',
  'routes',
  'error',
  'port',
  'hostname',
  'unix',
  'workers',
  'silence',
  'engine',
  'limits',
  'tls',
  'websocket',
  'trust',
  'health',
  'metrics',
  'accessLog',
  'globals',
  'drain',
]);

/** @throws {@link ServeError} `OPTION_WRONG` that names the option, the value and what to do */
export function checkOptions(options: ServeOptions): void {
  const wrong = (message: string) => new ServeError('OPTION_WRONG', message);
  for (const name of Object.keys(options))
    if (!names.has(name as keyof ServeOptions))
      throw wrong(`there is no option '${name}'; there are ${[...names].join(', ')}.`);
  const { fetch, routes, error, port, hostname, unix, tls, drain, workers, silence } = options;
  if (!fetch && !routes) throw wrong('give fetch or routes: there is nothing to serve.');
  if (fetch !== undefined && typeof fetch !== 'function')
    throw wrong(`fetch is ${shown(fetch)}, and must be a function.`);
  if (error !== undefined && typeof error !== 'function')
    throw wrong(`error is ${shown(error)}, and must be a function.`);
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw wrong(`port is ${shown(port)}, and must be a whole number from 0 to 65535.`);
  if (hostname !== undefined && (typeof hostname !== 'string' || hostname === ''))
    throw wrong(`hostname is ${shown(hostname)}, and must be a name or an address.`);
  if (unix !== undefined && (typeof unix !== 'string' || unix === ''))
    throw wrong(`unix is ${shown(unix)}, and must be a path.`);
  if (unix !== undefined && (port !== undefined || hostname !== undefined))
    throw wrong('give unix, or port and hostname, not both.');
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= 1024))
    throw wrong(`workers is ${shown(workers)}, and must be a whole number from 1 to 1024.`);
  if (silence !== undefined && !(silence >= 2000 && silence <= longest))
    throw wrong(`silence is ${shown(silence)}, and must be milliseconds from 2000 to ${longest}.`);
  const { engine } = options;
  if (engine !== undefined && engine !== 'auto' && engine !== 'native' && engine !== 'typescript')
    throw wrong(`engine is ${shown(engine)}, and must be 'auto', 'native' or 'typescript'.`);
  for (const name of ['health', 'metrics'] as const) {
    const path = options[name];
    if (path !== undefined && !/^\/[\w\-./]*$/.test(path))
      throw wrong(
        `${name} is ${shown(path)}, and must be a path such as '/${name === 'health' ? 'healthz' : name}'.`,
      );
  }
  if (options.health !== undefined && options.health === options.metrics)
    throw wrong(`health and metrics are both '${options.health}'; give each a path of its own.`);
  if (options.accessLog !== undefined && (typeof options.accessLog !== 'string' || options.accessLog === ''))
    throw wrong(`accessLog is ${shown(options.accessLog)}, and must be a file.`);
  const { trust } = options;
  if (trust !== undefined && !(Array.isArray(trust) && trust.every((entry) => typeof entry === 'string')))
    throw wrong("trust must be a list of addresses and networks: ['127.0.0.1', '10.0.0.0/8'].");
  if (options.globals !== undefined && typeof options.globals !== 'boolean')
    throw wrong(`globals is ${shown(options.globals)}, and must be true or false.`);
  if (tls !== undefined) {
    if (typeof tls !== 'object' || tls === null || !tls.cert || !tls.key)
      throw wrong('tls needs cert and key: paths of PEM files, or their text.');
    const unknown = Object.keys(tls).find((name) => !['cert', 'key', 'ca', 'http2'].includes(name));
    if (unknown !== undefined)
      throw wrong(`there is no option 'tls.${unknown}'; there are cert, key, ca, http2.`);
  }
  const { connections, inFlight } = options.limits ?? {};
  if (
    connections !== undefined &&
    inFlight !== undefined &&
    inFlight > connections &&
    !(tls && tls.http2 !== false)
  )
    throw wrong(
      `limits.inFlight is ${inFlight} and limits.connections ${connections}: without HTTP/2 a connection has one request at a time; lower the one or raise the other.`,
    );
  if (drain !== undefined && !(drain >= 0 && drain <= longest))
    throw wrong(`drain is ${shown(drain)}, and must be milliseconds from 0 to ${longest}.`);
}

/** What a timer of Node can wait, milliseconds. */
const longest = 2 ** 31 - 1;

/** The limits with defaults for those not given. @throws as {@link checkOptions} does */
export function limitsOf(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaultLimits))
      throw new ServeError(
        'OPTION_WRONG',
        `there is no limit '${name}'; there are ${Object.keys(defaultLimits).join(', ')}.`,
      );
    const whole = Number.isSafeInteger(value) || value === Infinity;
    if (value !== undefined && !(whole && value! >= (name === 'bodyBytes' ? 0 : 1)))
      throw new ServeError(
        'OPTION_WRONG',
        `limits.${name} is ${shown(value)}, and must be a whole number above 0.`,
      );
  }
  const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const limits = { ...defaultLimits, ...known } as Limits;
  for (const name of ['headerBytes', 'headerCount'] as const)
    if (limits[name] === Infinity)
      throw new ServeError('OPTION_WRONG', `limits.${name} cannot be Infinity: a head is kept in memory.`);
  return limits;
}

const shown = (value: unknown) => (typeof value === 'string' ? `'${value}'` : String(value));
