/**
 * sfc32 (Chris Doty-Humphrey, PractRand): small, fast, passes BigCrush. Seeded through splitmix32, once per execution, so
 * that any execution can be repeated by its number alone.
 */
export class RandomSource {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Begins the stream number `stream` of a seed. Both are taken modulo 2^32. */
  seed(seed: number, stream: number): void {
    const state = Math.imul(seed | 0, 0x9e3779b1) ^ Math.imul(stream | 0, 0x85ebca77);
    this.#a = splitmix(state + 0x9e3779b9);
    this.#b = splitmix(state + 0x3c6ef372);
    this.#c = splitmix(state + 0xdaa66d2b);
    this.#counter = 1;
    this.next();
    this.next();
  }

  /** An unsigned 32-bit number. */
  next(): number {
    const t = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + t) | 0;
    return t >>> 0;
  }

  /** A whole number in [0, bound), for bound up to 2^20: the bias is below 2^-12. */
  below(bound: number): number {
    return Math.floor((this.next() * bound) / 4294967296);
  }
}

/** One output of splitmix32 for a state that was already advanced. */
function splitmix(state: number): number {
  let z = state | 0;
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
  return z ^ (z >>> 15);
}
