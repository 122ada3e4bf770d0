/** Long enough for the eye to follow, short enough not to wait for. */
const length = 120;

/** Moves figures from one state to the next; at once where the user asked for reduced motion. */
export class Animation<T extends object = { from: number; to: number; top: number }> {
  #frame = 0;
  #target: T | undefined;

  /** Where the movement ends, or `resting` if nothing moves. */
  target(resting: T): T {
    return this.#target ?? resting;
  }

  start(from: T, to: T, step: (state: T) => void): void {
    this.stop();
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      step(to);
      return;
    }
    this.#target = to;
    const begin = performance.now();
    const next = (now: number) => {
      const part = Math.min(1, Math.max(0, (now - begin) / length));
      if (part < 1) this.#frame = requestAnimationFrame(next);
      else this.#target = undefined;
      step(part < 1 ? between(from, to, 1 - (1 - part) ** 3) : to);
    };
    this.#frame = requestAnimationFrame(next);
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
    this.#target = undefined;
  }
}

function between<T extends object>(from: T, to: T, part: number): T {
  const entries = Object.entries(from).map(([key, value]) => {
    const end = (to as Record<string, number>)[key]!;
    return [key, (value as number) + (end - (value as number)) * part];
  });
  return Object.fromEntries(entries) as T;
}
