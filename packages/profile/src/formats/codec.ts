/** Raw deflate (RFC 1951), given from outside: Node has it in `node:zlib`, the browser in its streams. */
export interface Codec {
  deflate(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Should stop, with an error, after `length` bytes: a hostile file may hold a thousand times its size. */
  inflate(bytes: Uint8Array, length: number): Uint8Array | Promise<Uint8Array>;
}
