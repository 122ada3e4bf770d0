import type { Handler, Methods, Routes } from '../options.ts';
import { ServeError } from '../errors.ts';

/** What answers a path: one handler, or one for each method. */
export interface Route {
  /** As it was written: `/user/:id`. */
  readonly pattern: string;
  readonly handler: Handler | null;
  readonly methods: Methods | null;
  /** The methods that are answered, for `Allow`. */
  readonly allow: string;
}

/** A route and what its parameters matched. */
export interface Match {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

interface Node {
  readonly literals: Map<string, Node>;
  parameter: Node | null;
  route: Route | null;
  names: readonly string[];
  wildcard: { readonly route: Route; readonly names: readonly string[] } | null;
}

const noParams: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null) as Record<string, string>,
);
const methodNames = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

/**
 * Finds the route of a path: at each segment a literal before a parameter before a wildcard.
 *
 * `:name` matches one segment that is not empty; `*`, at the end alone, matches the rest, also an empty one.
 * What they matched comes decoded; an escape that is none matches nothing.
 */
export class Router {
  readonly #literal = new Map<string, Match>();
  readonly #root = newNode();
  /** Whether one has a parameter or a wildcard. */
  #patterns = false;

  /** @throws {@link ServeError} `OPTION_WRONG` that names the pattern */
  constructor(routes: Routes) {
    for (const [pattern, answer] of Object.entries(routes)) this.#add(pattern, answer);
  }

  find(path: string): Match | null {
    // The tree holds the literal ones too, and would be asked after them.
    return this.#patterns ? find(this.#root, path, 1, 0) : (this.#literal.get(path) ?? null);
  }

  #add(pattern: string, answer: Handler | Methods): void {
    const wrong = (what: string) => new ServeError('OPTION_WRONG', `routes: '${pattern}' ${what}.`);
    if (!pattern.startsWith('/')) throw wrong('must begin with /');
    const route = routeOf(pattern, answer, wrong);
    let segments = pattern.slice(1).split('/');
    if (!segments.some((segment) => segment.startsWith(':') || segment.includes('*'))) {
      const path = new URL(pattern.replace(/[?#]/g, encodeURIComponent), 'http://h').pathname;
      if (this.#literal.has(path)) throw wrong('stands twice');
      this.#literal.set(path, { route, params: noParams });
      // Stands in the tree too: a path may begin like this route and go on as another.
      segments = path.slice(1).split('/');
    } else {
      this.#patterns = true;
    }
    const names: string[] = [];
    let node = this.#root;
    for (const [i, segment] of segments.entries()) {
      if (segment === '*') {
        if (i !== segments.length - 1) throw wrong('has a * that is not its last segment');
        if (node.wildcard) throw wrong(`matches what '${node.wildcard.route.pattern}' does`);
        node.wildcard = { route, names: [...names, '*'] };
        return;
      }
      if (segment.includes('*')) throw wrong('has a * beside other characters in a segment');
      if (segment.startsWith(':')) {
        const name = segment.slice(1);
        if (!/^[A-Za-z_]\w*$/.test(name)) throw wrong(`has a parameter without a proper name, '${segment}'`);
        if (names.includes(name)) throw wrong(`names '${name}' twice`);
        names.push(name);
        node.parameter ??= newNode();
        node = node.parameter;
      } else {
        const literal = new URL(
          `/${segment.replace(/[?#]/g, encodeURIComponent)}`,
          'http://h',
        ).pathname.slice(1);
        let next = node.literals.get(literal);
        if (!next) node.literals.set(literal, (next = newNode()));
        node = next;
      }
    }
    if (node.route) throw wrong(`matches what '${node.route.pattern}' does`);
    node.route = route;
    node.names = names;
  }
}

function newNode(): Node {
  return { literals: new Map(), parameter: null, route: null, names: [], wildcard: null };
}

/** An object with nothing but the parameters, also by its prototype; faster than `Object.create(null)`. */
const Params = function () {} as unknown as new () => object;
Params.prototype = Object.freeze(Object.create(null));

function routeOf(pattern: string, answer: Handler | Methods, wrong: (what: string) => Error): Route {
  if (typeof answer === 'function') return { pattern, handler: answer, methods: null, allow: '' };
  if (typeof answer !== 'object' || answer === null) throw wrong('is neither a function nor a map by method');
  const allowed: string[] = [];
  for (const [method, handler] of Object.entries(answer)) {
    if (!methodNames.has(method))
      throw wrong(`has the method '${method}'; ${[...methodNames].join(', ')} are served`);
    if (typeof handler !== 'function') throw wrong(`has no function for ${method}`);
    allowed.push(method);
    if (method === 'GET' && !('HEAD' in answer)) allowed.push('HEAD');
  }
  if (allowed.length === 0) throw wrong('has no method');
  // A prototype would answer to `constructor` and the like.
  const methods = Object.assign(Object.create(null), answer) as Methods;
  return { pattern, handler: null, methods, allow: allowed.join(', ') };
}

/** What the parameters on the way matched, as long as one path is looked for. */
const values: string[] = [];

/** `at` is where the next segment begins; so many `values` are known. */
function find(node: Node, path: string, at: number, known: number): Match | null {
  if (at > path.length) return node.route ? matched(node.route, node.names) : null;
  const slash = path.indexOf('/', at);
  const end = slash < 0 ? path.length : slash;
  const segment = path.slice(at, end);
  const literal = node.literals.size === 0 ? undefined : node.literals.get(segment);
  if (literal) {
    const found = find(literal, path, end + 1, known);
    if (found) return found;
  }
  if (node.parameter && segment !== '') {
    values[known] = segment;
    const found = find(node.parameter, path, end + 1, known + 1);
    if (found) return found;
  }
  if (!node.wildcard) return null;
  values[known] = path.slice(at);
  return matched(node.wildcard.route, node.wildcard.names);
}

function matched(route: Route, names: readonly string[]): Match | null {
  if (names.length === 0) return { route, params: noParams };
  const params = new Params() as Record<string, string>;
  for (let i = 0; i < names.length; i++) {
    const value = values[i]!;
    if (!value.includes('%')) {
      params[names[i]!] = value;
      continue;
    }
    try {
      params[names[i]!] = decodeURIComponent(value);
    } catch {
      return null;
    }
  }
  return { route, params };
}
