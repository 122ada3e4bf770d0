import type { CallTree } from './call-tree.ts';
import { compactProfile, type CompactProfile } from './compact-profile.ts';
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
  readonly profile: CompactProfile;
  /** Call path that is charged for a node's samples, -1 for the root. */
  readonly self: Int32Array;
  /** Call path above it. */
  readonly parent: Int32Array;
  /** In the order of the profile's frames. */
  readonly frames: readonly Frame[];
  /** 1 for what the recorder itself runs. */
  readonly ours: Uint8Array;
  /** 1 for native code that may sleep: what Node's own modules call, and `Atomics.wait`. */
  readonly blocking: Uint8Array;
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
  frameOf: (frame: V8Node['callFrame']) => Frame,
  measuring: number,
): MergedPiece {
  const profile = piece.compact ?? compactProfile(piece.profile);
  const { caller: callers, frame: frameRows, sample } = profile;
  const known = profile.frames.map(frameOf);
  const names = profile.frames.map(({ functionName }) => functionName);
  const rows = frameRows.length;
  const self = new Int32Array(rows).fill(-1);
  const parent = new Int32Array(rows).fill(-1);
  const path = new Int32Array(rows).fill(-1);
  const ours = new Uint8Array(rows);
  const blocking = new Uint8Array(rows);

  for (let row = 0; row < rows; row++) {
    const frame = known[frameRows[row] as number] as Frame;
    const caller = callers[row] as number;
    const above = caller < 0 ? -1 : (path[caller] as number);
    parent[row] = above;
    const callerIsOurs = caller >= 0 && ours[caller] === 1;
    if (frame.kind === 'root') continue;
    if (frame.kind === 'program') blocking[row] = 1;
    else if (frame.kind === 'native' && caller >= 0) {
      const isBinding = (known[frameRows[caller] as number] as Frame).url.startsWith('node:');
      if (isBinding || callerIsOurs || names[frameRows[row] as number] === 'wait') blocking[row] = 1;
    }
    if (frame.kind === 'worker' || (callerIsOurs && (frame.user === null || tools.test(frame.url)))) {
      ours[row] = 1;
      path[row] = above;
      self[row] = tree.child(above, measuring);
    } else if (frame.kind === 'wrapper') {
      // Who called it may be the program, and what it calls is the program's.
      path[row] = above;
      self[row] = tree.child(above, measuring);
    } else {
      path[row] = self[row] = tree.child(above, frame.row);
    }
  }
  let rejected = 0;
  for (const row of sample) if (row < 0) rejected++;
  return { piece, profile, self, parent, frames: known, ours, blocking, rejected };
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

  of({ url, lineNumber, columnNumber, functionName }: V8Node['callFrame']): Frame {
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
    // The engine knows the file, but not where in it: as it may be with code that it has just thrown away.
    if (line < 1) return { row: this.#functionRow(name, '', 0, 0), url, user: null, kind: 'code' };
    const place = this.#scripts.at(url, line);
    const user = this.#functions.at(place.file, place.line, column, name);
    return { row: user.row, url, user, kind: 'code' };
  }
}
