/** Texts that are kept, a power of two; longer ones are not. */
const kept = 512;
const longest = 64;

/**
 * Short texts that come again and again, as targets and hosts do: it takes longer to make one than to compare it, and
 * a text that is known is found faster in a map.
 */
export class KnownTexts {
  readonly #texts: string[] = Array.from({ length: kept }, () => '');

  /** These bytes as Latin-1. */
  text(bytes: Buffer, at: number, length: number): string {
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
