import { utf8Bytes } from '../utf8.ts';

/** Characters that are gathered before they become bytes. */
const CHUNK = 1 << 16;

/** Gathers text into chunks of bytes, so that no file needs to fit into one string. */
export function* textChunks(parts: Iterable<string>): Generator<Uint8Array, void, undefined> {
  let text = '';
  for (const part of parts) {
    text += part;
    if (text.length >= CHUNK) {
      yield utf8Bytes(text);
      text = '';
    }
  }
  if (text !== '') yield utf8Bytes(text);
}
