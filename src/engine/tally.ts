/**
 * Counts how often each of many kinds was seen (behaviours, by their hash) and says how much of them all that is likely to be.
 *
 * Good-Turing (I. J. Good, Biometrika 1953): the chance that the next one is of a new kind is about f1 / N, the kinds seen exactly once over all
 * that were seen. Chao1 (A. Chao, Scandinavian Journal of Statistics 1984): there are at least about S + f1^2 / (2 f2) kinds, f2 being
 * those seen exactly twice. Both take the draws to be independent: for strategies that learn they are a guide, no bound.
 *
 * Open addressing over two columns; nothing is allocated for each. 9 bytes a slot, at most half of them used.
 */
export class Tally {
  /** Distinct kinds seen. */
  size = 0;
  /** All that was counted (N). */
  total = 0;
  /** Kinds seen exactly once (f1) and exactly twice (f2). */
  once = 0;
  twice = 0;
  readonly #most: number;
  #keys: Float64Array;
  /** How often, up to `several`; 0: the slot is free. */
  #seen: Uint8Array;
  #mask: number;

  /** @param most kinds told apart: once it is full, new ones are not counted. Default a million (about 19 MB). */
  constructor(most = 1_000_000) {
    this.#most = most;
    this.#mask = 15;
    this.#keys = new Float64Array(16);
    this.#seen = new Uint8Array(16);
  }

  /** Counts a kind by a key, a whole number below 2^53; says whether it is new. */
  add(key: number): boolean {
    const i = this.#slot(key);
    const seen = this.#seen[i]!;
    if (seen >= several) {
      this.total++;
      return false;
    }
    if (seen === 0) {
      if (this.size >= this.#most) return false;
      this.#keys[i] = key;
      this.size++;
      this.once++;
    } else if (seen === 1) {
      this.once--;
      this.twice++;
    } else this.twice--;
    this.#seen[i] = seen + 1;
    this.total++;
    if (seen !== 0) return false;
    if (this.size * 2 > this.#mask) this.#grow();
    return true;
  }

  /** Counts all that another tally has, its kinds under other keys. */
  absorb(other: Tally, rename: (key: number) => number): void {
    let more = other.total;
    for (let i = 0; i <= other.#mask; i++) {
      const seen = other.#seen[i]!;
      if (seen === 0) continue;
      const key = rename(other.#keys[i]!);
      for (let k = 0; k < seen; k++) this.add(key);
      more -= seen;
    }
    this.total += more;
  }

  saturation(): Saturation | undefined {
    const { size, total, once, twice } = this;
    if (total === 0) return undefined;
    const unseen = twice > 0 ? once ** 2 / (2 * twice) : (once * (once - 1)) / 2;
    return {
      distinct: size,
      total,
      once,
      twice,
      nextIsNew: once / total,
      atLeast: Math.round(size + unseen),
    };
  }

  #slot(key: number): number {
    let i = Math.imul((key | 0) ^ (key / 4294967296), 0x9e3779b1) >>> 7;
    for (;;) {
      i &= this.#mask;
      if (this.#seen[i] === 0 || this.#keys[i] === key) return i;
      i++;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const seen = this.#seen;
    const size = keys.length * 2;
    this.#mask = size - 1;
    this.#keys = new Float64Array(size);
    this.#seen = new Uint8Array(size);
    for (let i = 0; i < keys.length; i++) {
      if (seen[i] === 0) continue;
      const j = this.#slot(keys[i]!);
      this.#keys[j] = keys[i]!;
      this.#seen[j] = seen[i]!;
    }
  }
}

/** From here on it no longer matters how often. */
const several = 3;

/** How much of what there is was seen, as an estimate. */
export interface Saturation {
  /** Distinct kinds seen, of so many in all. */
  readonly distinct: number;
  readonly total: number;
  /** Kinds seen exactly once, exactly twice. */
  readonly once: number;
  readonly twice: number;
  /** Good-Turing: the chance that the next one is new, `once / total`. */
  readonly nextIsNew: number;
  /** Chao1: kinds that there are, at least, as an estimate. */
  readonly atLeast: number;
}

/** `saturation 98.2 % of at least 93`: the chance that the next one is of a kind already seen, rounded down, and Chao1. */
export function describeSaturation({ nextIsNew, atLeast }: Saturation): string {
  return `saturation ${(Math.floor((1 - nextIsNew) * 1000) / 10).toFixed(1)} %, Chao1 ${atLeast}`;
}
