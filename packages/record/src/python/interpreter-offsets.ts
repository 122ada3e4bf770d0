/** Where the fields lie that the sampler reads, in bytes from the start of their struct. */
export interface InterpreterOffsets {
  readonly runtime: { readonly interpretersHead: number };
  readonly interpreter: {
    readonly next: number;
    readonly threadsHead: number;
    readonly collecting: number;
    /** Of the pointer to the lock, or `null` where the lock lies in the runtime. */
    readonly lock: number | null;
  };
  readonly thread: {
    readonly size: number;
    readonly next: number;
    readonly nativeId: number;
    readonly chunk: number;
    /** Of the pointer to the frame that runs, or of that to the struct that holds it. */
    readonly frame: number;
    /** Of the pointer to the frame in the struct between, or `null` where there is none. */
    readonly frameInBetween: number | null;
  };
  readonly frame: {
    readonly size: number;
    readonly code: number;
    readonly previous: number;
    /** Of the pointer to the instruction that runs. */
    readonly instruction: number;
    readonly owner: number;
  };
  readonly code: {
    readonly fileName: number;
    readonly name: number;
    readonly qualifiedName: number;
    readonly locationTable: number;
    readonly firstLine: number;
    readonly instructions: number;
  };
  readonly text: {
    readonly length: number;
    readonly state: number;
    /** Where the characters begin: of ASCII, of other text. */
    readonly ascii: number;
    readonly other: number;
  };
  readonly bytes: { readonly length: number; readonly data: number };
  /** In the struct of the lock; from the runtime where the lock lies there. */
  readonly lock: { readonly start: number; readonly holder: number; readonly locked: number };
}

/** Bytes of the struct of the lock: waiting on any address inside is waiting for it. */
export const LOCK_SIZE = 208;

/** How much of `_PyRuntime` is needed to read {@link describedOffsets}. */
export const DESCRIPTION_SIZE = 1024;

/** Made by compiling `offsetof` against the headers of each version: release builds for 64-bit Linux. */
export const offsets311: InterpreterOffsets = {
  runtime: { interpretersHead: 40 },
  interpreter: { next: 0, threadsHead: 16, collecting: 848, lock: null },
  thread: { size: 360, next: 8, nativeId: 160, chunk: 296, frame: 56, frameInBetween: 8 },
  frame: { size: 80, code: 32, previous: 48, instruction: 56, owner: 69 },
  code: {
    fileName: 112,
    name: 120,
    qualifiedName: 128,
    locationTable: 136,
    firstLine: 72,
    instructions: 184,
  },
  text: { length: 16, state: 32, ascii: 48, other: 72 },
  bytes: { length: 16, data: 32 },
  lock: { start: 360, holder: 368, locked: 376 },
};

/** As {@link offsets311}, of 3.12. */
export const offsets312: InterpreterOffsets = {
  runtime: { interpretersHead: 40 },
  interpreter: { next: 0, threadsHead: 72, collecting: 312, lock: 384 },
  thread: { size: 288, next: 8, nativeId: 144, chunk: 232, frame: 56, frameInBetween: 0 },
  frame: { size: 80, code: 0, previous: 8, instruction: 56, owner: 70 },
  code: {
    fileName: 112,
    name: 120,
    qualifiedName: 128,
    locationTable: 136,
    firstLine: 68,
    instructions: 192,
  },
  text: { length: 16, state: 32, ascii: 40, other: 56 },
  bytes: { length: 16, data: 32 },
  lock: { start: 0, holder: 8, locked: 16 },
};

/**
 * The offsets that CPython 3.13 and 3.14 tell of themselves at the start of `_PyRuntime`.
 *
 * `null` where the description is missing, of another version, or of a build without the lock
 * (`freeThreaded` then says so).
 *
 * @see https://github.com/python/cpython/blob/3.14/Include/internal/pycore_debug_offsets.h
 */
export function describedOffsets(
  runtime: Buffer,
): { readonly offsets: InterpreterOffsets | null; readonly freeThreaded: boolean } | null {
  if (runtime.length < DESCRIPTION_SIZE || runtime.toString('latin1', 0, 8) !== 'xdebugpy') return null;
  let at = 8;
  const word = (): number => {
    const value = runtime.readUInt32LE(at) + runtime.readUInt32LE(at + 4) * 2 ** 32;
    at += 8;
    return value;
  };
  const words = <Name extends string>(...names: readonly Name[]): Record<Name, number> => {
    const read = {} as Record<Name, number>;
    for (const name of names) read[name] = word();
    return read;
  };

  const version = word();
  const minor = (version >>> 16) & 0xff;
  const freeThreaded = word() !== 0;
  if (version >>> 24 !== 3 || minor < 13 || minor > 14 || freeThreaded)
    return { offsets: null, freeThreaded };
  const is314 = minor === 14;
  const runtimeState = words('size', 'finalizing', 'interpretersHead');
  const interpreter = words('size', 'id', 'next', 'threadsHead');
  if (is314) words('threads.main');
  const more = words(
    'gc',
    'modules',
    'sysdict',
    'builtins',
    'lockPointer',
    'lock',
    'enabled',
    'locked',
    'holder',
  );
  if (is314) words('code.generation', 'copies.generation');
  const thread = words('size', 'prev', 'next', 'interp', 'frame', 'threadId', 'nativeId', 'chunk', 'status');
  const frame = words('size', 'previous', 'code', 'instruction', 'localsplus', 'owner');
  if (is314) words('stackpointer', 'copies.index');
  const code = words('size', 'fileName', 'name', 'qualifiedName', 'locationTable', 'firstLine');
  words('argcount', 'localsplusnames', 'localspluskinds');
  const instructions = word();
  if (is314) words('copies');
  words('object.size', 'object.type', 'type.size', 'type.name', 'type.repr', 'type.flags');
  words('tuple.size', 'tuple.item', 'tuple.length', 'list.size', 'list.item', 'list.length');
  if (is314) words('set.size', 'set.used', 'set.table', 'set.mask');
  words('dict.size', 'dict.keys', 'dict.values', 'float.size', 'float.value');
  words('long.size', 'long.tag', 'long.digit');
  const bytes = words('size', 'length', 'data');
  const text = words('size', 'state', 'length', 'ascii');
  const collector = words('size', 'collecting');

  return {
    freeThreaded,
    offsets: {
      runtime: { interpretersHead: runtimeState.interpretersHead },
      interpreter: {
        next: interpreter.next,
        threadsHead: interpreter.threadsHead,
        collecting: more.gc + collector.collecting,
        lock: more.lockPointer,
      },
      thread: {
        size: thread.size,
        next: thread.next,
        nativeId: thread.nativeId,
        chunk: thread.chunk,
        frame: thread.frame,
        frameInBetween: null,
      },
      frame: {
        size: frame.size,
        code: frame.code,
        previous: frame.previous,
        instruction: frame.instruction,
        owner: frame.owner,
      },
      code: {
        fileName: code.fileName,
        name: code.name,
        qualifiedName: code.qualifiedName,
        locationTable: code.locationTable,
        firstLine: code.firstLine,
        instructions,
      },
      text: {
        length: text.length,
        state: text.state,
        ascii: text.ascii,
        // The struct of other text adds the length and the pointer of its UTF-8.
        other: text.ascii + 16,
      },
      bytes: { length: bytes.length, data: bytes.data },
      lock: { start: 0, holder: more.holder - more.lock, locked: more.locked - more.lock },
    },
  };
}
