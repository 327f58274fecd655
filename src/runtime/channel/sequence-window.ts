/** Tells what is out of order from the numbers of messages, which rise by 1. Plain and synchronous. */

export type Arrival = 'in order' | 'ahead' | 'out of order' | 'duplicate';

/** Most numbers that are awaited at a time; beyond, the oldest is given up, and would count as a duplicate. */
const MOST_MISSING = 65_536;

/**
 * The numbers that came: all up to the highest but for those in `#missing`.
 * - `in order`: the next one. `ahead`: some before it have not come yet. `out of order`: one of those. `duplicate`: it came before.
 */
export class SequenceWindow {
  #highest = 0;
  readonly #missing = new Set<number>();

  /** Numbers below the highest that have not come. */
  get missing(): number {
    return this.#missing.size;
  }

  receive(seq: number): Arrival {
    if (seq <= this.#highest) return this.#missing.delete(seq) ? 'out of order' : 'duplicate';
    const first = Math.max(this.#highest + 1, seq - MOST_MISSING);
    for (let missed = first; missed < seq; missed += 1) this.#missing.add(missed);
    for (const oldest of this.#missing) {
      if (this.#missing.size <= MOST_MISSING) break;
      this.#missing.delete(oldest);
    }
    const ahead = seq > this.#highest + 1;
    this.#highest = seq;
    return ahead ? 'ahead' : 'in order';
  }
}
