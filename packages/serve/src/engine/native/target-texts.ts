/** Texts that are kept, a power of two; longer ones are not. */
const kept = 512;
const longest = 64;

/**
 * The targets of requests as texts. The same few come all the time: their texts are kept, as it takes longer to make one
 * than to compare it, and a text that is known makes looking up its route faster.
 */
export class TargetTexts {
  readonly #bytes: Buffer;
  readonly #texts: string[] = Array.from({ length: kept }, () => '');

  /** Texts of what stands in `bytes` at the time. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** An empty target is the `/` that an absolute form may leave out. */
  text(at: number, length: number): string {
    if (length === 0) return '/';
    const bytes = this.#bytes;
    if (length > longest) return bytes.toString('latin1', at, at + length);
    let hash = length;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + bytes[at + i]!) | 0;
    const place = (hash ^ (hash >>> 9)) & (kept - 1);
    const known = this.#texts[place]!;
    if (known.length === length) {
      let i = 0;
      while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
      if (i === length) return known;
    }
    return (this.#texts[place] = bytes.toString('latin1', at, at + length));
  }
}
