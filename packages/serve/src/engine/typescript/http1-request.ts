import type { Duplex } from 'node:stream';
import { fieldsOf } from '../../http/fields.ts';
import type { IncomingBody } from '../../http/incoming-body.ts';
import type { RequestParser } from '../../http/request-parser.ts';
import type { AnswerWriter, FieldList, Incoming } from '../engine.ts';
import type { Connection } from './connection.ts';

/** A request of HTTP/1.1, as its connection's parser read it. */
export class Http1Request implements Incoming {
  readonly method: string;
  readonly target: string;
  readonly plain: boolean;
  readonly authority: string;
  readonly version: '1.0' | '1.1';
  readonly body: IncomingBody | null;
  readonly upgrade: boolean;
  readonly fieldLines = null;
  id: string | null = null;
  onAbort: ((reason: Error) => void) | null = null;
  readonly #connection: Connection;
  #head: string;
  readonly #fieldsAt: number;
  #fields: FieldList | null = null;

  constructor(connection: Connection, parser: RequestParser, body: IncomingBody | null) {
    this.#connection = connection;
    this.method = parser.method;
    this.target = parser.target;
    this.plain = parser.plain;
    this.authority = parser.authority === '' ? connection.authority : parser.authority;
    this.version = parser.minor === 1 ? '1.1' : '1.0';
    this.upgrade = parser.upgrade;
    this.#head = parser.head;
    this.#fieldsAt = parser.fieldsAt;
    this.body = body;
  }

  get scheme(): 'http' | 'https' {
    return this.#connection.scheme;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get fields(): FieldList {
    if (this.#fields === null) {
      this.#fields = fieldsOf(this.#head, this.#fieldsAt);
      this.#head = '';
    }
    return this.#fields;
  }

  answer(status: number, fields: FieldList, body: string | Uint8Array | null): void {
    this.#connection.answer(this, status, fields, body);
  }

  begin(status: number, fields: FieldList, length: number | null): AnswerWriter {
    return this.#connection.begin(this, status, fields, length);
  }

  takeOver(): { readonly socket: Duplex; readonly head: Buffer } | null {
    return this.#connection.takeOver(this);
  }
}
