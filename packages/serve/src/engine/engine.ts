import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { IncomingBody } from '../http/incoming-body.ts';
import type { Limits } from '../limits.ts';
import type { TlsOptions } from '../options.ts';

/** Field lines as one flat list: name, value, name, value, …; names in lower case, in the order received. */
export type FieldList = string[];

/**
 * One request and the way back: all that the application sees of an engine.
 *
 * An engine has checked every rule of `http-rules.md` before it makes one. Whoever handles it answers exactly
 * once, by {@link Incoming.answer}, {@link Incoming.begin} or {@link Incoming.takeOver}; an answer that comes
 * after the client left, or a second one, is dropped without an error.
 */
export interface Incoming {
  readonly method: string;
  /** What stood in the request line: origin form (`/path?query`), or `*` for OPTIONS. */
  readonly target: string;
  /** False where the target must go through `URL` to be normal: dot segments, `%`, or characters it would encode. */
  readonly plain: boolean;
  /** Host and port as the client wrote them; the server's own for HTTP/1.0 without `Host`. */
  readonly authority: string;
  readonly scheme: 'http' | 'https';
  readonly version: '1.0' | '1.1' | '2';
  readonly remoteAddress: string;
  /** Cut out of the head when first asked for; the same list each time. */
  readonly fields: FieldList;
  /** The field lines as text, names in lower case, to find one of them; `null` where that is no less work. */
  readonly fieldLines: string | null;
  /** `null` where the request has no body. */
  readonly body: IncomingBody | null;
  /** Whether the client offers to go on with another protocol, and {@link Incoming.takeOver} can. */
  readonly upgrade: boolean;
  /** What names the request in logs; `null` until the application gives it a name. */
  id: string | null;
  /** Called at most once, when the client leaves, or a limit ends the request, before its answer is out. */
  onAbort: ((reason: Error) => void) | null;
  /** The whole answer. `fields` lack the framing, date and connection, which the engine adds. */
  answer(status: number, fields: FieldList, body: string | Uint8Array | null): void;
  /** The head of an answer whose body follows; `length` in bytes, or `null` where it is not known. */
  begin(status: number, fields: FieldList, length: number | null): AnswerWriter;
  /** Ends HTTP on this connection after an `Upgrade`; `null` where that cannot be (HTTP/1.0, HTTP/2). */
  takeOver(): { readonly socket: Duplex; readonly head: Buffer } | null;
}

/** The body of an answer that is under way. */
export interface AnswerWriter {
  /** False when the client is slower than the writer: wait for {@link AnswerWriter.drained}. */
  write(chunk: string | Uint8Array): boolean;
  /** Resolves when more may be written, or the connection is gone. */
  drained(): Promise<void>;
  /** The body is complete; trailers are sent only where the framing allows them. */
  end(trailers?: FieldList): void;
  /** Cuts the connection, so that the client cannot take what it got for the whole. */
  abort(): void;
  /** False once the client left. */
  readonly open: boolean;
}

/** Where connections come from. `handed` listens nowhere: the supervisor accepts, and {@link Listener.accept} takes. */
export type Where =
  | { readonly port: number; readonly hostname: string }
  | { readonly unix: string }
  | { readonly shared: SharedPlace }
  | 'handed';

/** What a worker inherits that accepts itself, on the same socket as others. */
export interface SharedPlace {
  /** A socket that listens. */
  readonly descriptor: number;
  /** The file of shares, this worker's line in it, and how many there are. */
  readonly file: number;
  readonly line: number;
  readonly lines: number;
}

/** What an engine is started with. */
export interface ListenOptions {
  readonly where: Where;
  readonly limits: Limits;
  /** TLS for all that comes; ALPN chooses HTTP/2 or HTTP/1.1. */
  readonly tls: TlsOptions | null;
  /** Called for every request, synchronously, as soon as its head is complete. Never throws. */
  readonly onRequest: (incoming: Incoming) => void;
  /** Called for every message that was refused before it became a request. */
  readonly onRefused: (status: number, reason: string, remoteAddress: string) => void;
}

/** Parses HTTP/1.1 and moves bytes; knows nothing of Request, Response, routes and files. */
export interface Engine {
  readonly name: EngineName;
  listen(options: ListenOptions): Promise<Listener>;
}

export type EngineName = 'typescript' | 'native';

/** A running engine. */
export interface Listener {
  /** Port and host, the path of a unix socket, or `null` where it is handed its connections. */
  readonly address: { readonly port: number; readonly hostname: string } | { readonly unix: string } | null;
  /** Takes a connection that was accepted elsewhere, none of it read yet; TLS begins here where it is on. */
  accept(socket: Socket): void;
  /** Reads certificate and key again, for connections from now on. @throws ServeError `TLS_WRONG`; the old ones stay */
  readTls(): void;
  /** Connections, those still at their handshake included. */
  readonly load: number;
  /**
   * Stops accepting, and resolves when the last connection is closed; cuts those that are left after `milliseconds`.
   *
   * An idle connection is closed at once; where it is to be `patient`, only after one more answer, or at the end
   * of the time: a request that is on its way is not lost then. `stopped` is called once it takes no connection any
   * more, and the idle ones are closed that are to be closed at once.
   */
  close(milliseconds: number, patient?: boolean, stopped?: () => void): Promise<void>;
  /** Connections open now, and accepted, refused and bytes read and written since the start. */
  readonly counters: EngineCounters;
}

/** Figures of an engine; all but `connections` only rise. */
export interface EngineCounters {
  connections: number;
  accepted: number;
  /** Connections turned away because there were too many. */
  turnedAway: number;
  /** Messages that broke a rule or a limit. */
  refused: number;
}
