/**
 * Unpacks raw deflate with what the browser brings along.
 *
 * @throws Error as soon as there is more than `length` bytes: a hostile file may hold a thousand times its size
 */
export async function inflate(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const reader = packed.pipeThrough(new DecompressionStream('deflate-raw')).getReader();
  const result = new Uint8Array(length);
  let at = 0;
  for (;;) {
    const { value } = await reader.read();
    if (value === undefined) return at === length ? result : result.subarray(0, at);
    if (at + value.length > length) {
      await reader.cancel();
      throw new Error(`A column holds more than the ${length} bytes that it announces.`);
    }
    result.set(value, at);
    at += value.length;
  }
}
