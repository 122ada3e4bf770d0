import type { CallTree } from './call-tree.ts';
import type { RawPiece, V8Node } from './raw.ts';
import type { ThreadScripts } from './scripts.ts';
import type { UserFunction, UserFunctions } from './user-functions.ts';

/** What a call frame is to us. */
export interface Frame {
  /** Row in the profile's functions. */
  readonly row: number;
  readonly url: string;
  /** `null` for what has no text of the program's. */
  readonly user: UserFunction | null;
  readonly kind: 'root' | 'code' | 'idle' | 'program' | 'native' | 'wrapper' | 'worker';
}

/** One piece, its nodes put into the profile's tree. Columns of nodes have a row for each of V8's, by its index. */
export interface MergedPiece {
  readonly piece: RawPiece;
  /** Call path that is charged for a node's samples, -1 for the root. */
  readonly self: Int32Array;
  /** Call path above it. */
  readonly parent: Int32Array;
  readonly frames: readonly Frame[];
  /** 1 for what the recorder itself runs. */
  readonly ours: Uint8Array;
  /** 1 for native code that may sleep: what Node's own modules call, and `Atomics.wait`. */
  readonly blocking: Uint8Array;
  /** Index of V8's node for each sample, -1 where there is none. */
  readonly samples: Int32Array;
  readonly rejected: number;
}

/**
 * Puts the nodes of one piece into the tree that all pieces share.
 *
 * What the recorder itself runs inside the program vanishes as a caller: its own time goes to
 * `measuring` below the function that it was called from, and so does what it calls for its own ends.
 */
export function mergePiece(
  piece: RawPiece,
  tree: CallTree,
  frameOf: (node: V8Node) => Frame,
  measuring: number,
): MergedPiece {
  const { nodes, samples = [] } = piece.profile;
  let largest = 0;
  for (const node of nodes) if (node.id > largest) largest = node.id;
  const indexOf = new Int32Array(largest + 1).fill(-1);
  for (let index = 0; index < nodes.length; index++) indexOf[(nodes[index] as V8Node).id] = index;
  const callers = new Int32Array(nodes.length).fill(-1);
  const self = new Int32Array(nodes.length).fill(-1);
  const parent = new Int32Array(nodes.length).fill(-1);
  const path = new Int32Array(nodes.length).fill(-1);
  const isOurs = new Uint8Array(nodes.length);
  const blocking = new Uint8Array(nodes.length);
  const frames: Frame[] = new Array(nodes.length);

  // V8 writes callers before callees.
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index] as V8Node;
    if (node.children !== undefined) {
      for (const id of node.children) {
        const child = indexOf[id] as number | undefined;
        if (child !== undefined && child > index) callers[child] = index;
      }
    }
    const frame = frameOf(node);
    frames[index] = frame;
    const caller = callers[index] as number;
    const above = caller < 0 ? -1 : (path[caller] as number);
    parent[index] = above;
    const callerIsOurs = caller >= 0 && isOurs[caller] === 1;
    if (frame.kind === 'root') continue;
    if (frame.kind === 'program') blocking[index] = 1;
    else if (frame.kind === 'native' && caller >= 0) {
      const isBinding = (frames[caller] as Frame).url.startsWith('node:');
      if (isBinding || callerIsOurs || node.callFrame.functionName === 'wait') blocking[index] = 1;
    }
    if (frame.kind === 'worker' || (callerIsOurs && (frame.user === null || tools.test(frame.url)))) {
      isOurs[index] = 1;
      path[index] = above;
      self[index] = tree.child(above, measuring);
    } else if (frame.kind === 'wrapper') {
      // Who called it may be the program, and what it calls is the program's.
      path[index] = above;
      self[index] = tree.child(above, measuring);
    } else {
      path[index] = self[index] = tree.child(above, frame.row);
    }
  }

  const indices = new Int32Array(samples.length);
  let rejected = 0;
  for (let i = 0; i < samples.length; i++) {
    const index = indexOf[samples[i] as number] ?? -1;
    indices[i] = index;
    if (index < 0) rejected++;
  }
  return { piece, self, parent, frames, ours: isOurs, blocking, samples: indices, rejected };
}

/** What our loader calls to make JavaScript of TypeScript. */
const tools = /^wasm:|[\\/]node_modules[\\/](?:amaro|esbuild|get-tsconfig|resolve-pkg-maps)[\\/]/;

/** The frames of one thread, each looked at once. */
export class Frames {
  readonly #known = new Map<string, Map<number, { readonly name: string; readonly frame: Frame }[]>>();
  readonly #scripts: ThreadScripts;
  readonly #functions: UserFunctions;
  readonly #functionRow: (name: string, url: string, line: number, column: number) => number;
  readonly #ours: (url: string) => 'wrapper' | 'worker' | null;

  constructor(
    scripts: ThreadScripts,
    functions: UserFunctions,
    functionRow: (name: string, url: string, line: number, column: number) => number,
    ours: (url: string) => 'wrapper' | 'worker' | null,
  ) {
    this.#scripts = scripts;
    this.#functions = functions;
    this.#functionRow = functionRow;
    this.#ours = ours;
  }

  of(node: V8Node): Frame {
    const { url, lineNumber, columnNumber, functionName } = node.callFrame;
    let places = this.#known.get(url);
    if (places === undefined) this.#known.set(url, (places = new Map()));
    // Natives have no line, code made by `eval` has one but no address.
    const place = lineNumber * 0x100000 + columnNumber;
    let frames = places.get(place);
    if (frames === undefined) places.set(place, (frames = []));
    for (const known of frames) if (known.name === functionName) return known.frame;
    const frame = this.#new(url, lineNumber + 1, columnNumber, functionName);
    frames.push({ name: functionName, frame });
    return frame;
  }

  #new(url: string, line: number, column: number, name: string): Frame {
    if (url === '' && line > 0) {
      return { row: this.#functionRow(name, url, line, column + 1), url, user: null, kind: 'code' };
    }
    if (url === '') {
      const kind =
        name === '(root)' ? 'root' : name === '(idle)' ? 'idle' : name === '(program)' ? 'program' : 'native';
      return { row: kind === 'root' ? -1 : this.#functionRow(name, '', 0, 0), url, user: null, kind };
    }
    const ours = this.#ours(url);
    if (ours !== null) return { row: -1, url, user: null, kind: ours };
    if (url.startsWith('node:')) {
      return { row: this.#functionRow(name, url, line, column + 1), url, user: null, kind: 'code' };
    }
    const place = this.#scripts.at(url, line);
    const user = this.#functions.at(place.file, place.line, column, name);
    return { row: user.row, url, user, kind: 'code' };
  }
}
