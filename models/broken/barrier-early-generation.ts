/**
 * The textbook barrier of count and generation, whose last arrival opens the gate before it clears the count.
 *
 * Fault B2. Shortest interleaving, 15 steps with 2 parties, c = count, g = generation: T0 load g, add c; T1 load g,
 * add c (last), add g; T0 wait (not equal), load g, returns, and comes again: load g, add c (3); T1 store c = 0,
 * which wipes that arrival, notify, returns, and comes again: load g, add c (1), waits; T0 waits. Phase 2 has
 * nobody to release it.
 *
 * Odds: see properties/broken.ts
 */

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier that may forget an early arrival of the next round. For `parties` threads; 3 neighbouring cells. */
export class EarlyGenerationBarrier {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #parties: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, parties: number) {
    if (!Number.isInteger(parties) || parties < 1) {
      throw new RangeError(
        `a barrier has 1 party or more, got ${parties}: create it for the threads that meet there`,
      );
    }
    this.#view = view;
    this.#index = index;
    this.#parties = parties;
  }

  /** Makes three cells a barrier. Throws RangeError when the parties are no integer from 1 on. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): EarlyGenerationBarrier {
    const barrier = new EarlyGenerationBarrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Reads the parties only. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): EarlyGenerationBarrier {
    return new EarlyGenerationBarrier(view, index, Atomics.load(view, index + PARTIES));
  }

  /** Arrives, and blocks until all parties have. The last to arrive leads. */
  wait(): 'leader' | 'follower' {
    const view = this.#view;
    const index = this.#index;
    const generation = Atomics.load(view, index + GENERATION);
    if (Atomics.add(view, index, 1) + 1 === this.#parties) {
      // FAULT B2: from here on who was released may arrive for the next round, and the store wipes it.
      Atomics.add(view, index + GENERATION, 1);
      Atomics.store(view, index, 0);
      Atomics.notify(view, index + GENERATION);
      return 'leader';
    }
    do {
      Atomics.wait(view, index + GENERATION, generation);
    } while (Atomics.load(view, index + GENERATION) === generation);
    return 'follower';
  }
}
