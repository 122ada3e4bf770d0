/** The memory and the calls of one native core; `native/boundary.md` says what each part means. */
export interface NativeCore {
  readonly arena: ArrayBuffer;
  readonly rows: ArrayBuffer;
  readonly sends: ArrayBuffer;
  readonly answers: ArrayBuffer;
  readonly state: ArrayBuffer;
  readonly counters: ArrayBuffer;
  /** Listens at a numeric address, or on a unix socket. Returns the port. @throws with the system's `code` */
  listenAt(hostname: string, port: number): number;
  listenAt(path: string): number;
  /** Accepts on this socket, which is the core's from here on. */
  listen(descriptor: number): void;
  /** Leaves accepting to others while this process has more than its share. */
  share(file: number, line: number, lines: number): void;
  /** Takes an open connection, of whose descriptor it keeps a copy. False where it was turned away. */
  adopt(descriptor: number): boolean;
  addressOf(connection: number): string;
  flush(): void;
  send(connection: number, generation: number, kind: number, bytes: Uint8Array): void;
  release(connection: number, generation: number): { readonly fd: number; readonly bytes: Uint8Array } | null;
  drain(patient: boolean): void;
  close(): void;
}

/** What the native library exports. */
export interface NativeModule {
  readonly boundary: number;
  /** The texts of refusals. */
  readonly reasons: readonly string[];
  /** A socket that listens and on which nobody accepts yet; as {@link NativeCore.listenAt}. */
  listenSocket(hostname: string, port: number): number;
  listenSocket(path: string): number;
  portOf(descriptor: number): number;
  create(limits: object, onBatch: (count: number) => void): NativeCore;
}

/** The version of `native/boundary.md` that this is written for. */
export const boundary = 1;

/** The columns of a row, and of a record. */
export const columns = 16;
export const recordColumns = 4;

/** Kinds of rows. */
export const REQUEST = 1;
export const PIECE_OF_BODY = 2;
export const BODY_COMPLETE = 3;
export const OVER = 4;
export const WRITABLE = 5;
export const REFUSED = 6;
export const DRAINED = 7;
export const STOPPED = 8;

/** Flags of a request. */
export const HTTP_1_0 = 1;
export const KEEP = 2;
export const BODY_FOLLOWS = 4;
export const EXPECTS_CONTINUE = 8;
export const UPGRADE = 16;
export const NOT_PLAIN = 32;
export const HOST_UNSURE = 64;
export const ABSOLUTE = 128;
export const ADDRESS_APART = 256;
export const HAS_BODY = 512;

/** Kinds of records. */
export const ANSWER = 1;
export const LAST_ANSWER = 2;
export const PIECE = 3;
export const CREDIT = 4;
export const CUT = 5;
/** Like {@link PIECE}; a row {@link WRITABLE} is asked for. */
export const PIECE_AND_TELL = 7;
