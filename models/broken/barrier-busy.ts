/**
 * The textbook barrier of count and generation, with "-1 = for ever" for a time limit: to `Atomics.wait` that is 0.
 *
 * Fault B8. Shortest interleaving, 4 steps with 2 parties, c = count, g = generation: T0 load g, add c, wait (timed
 * out at once), load g (unchanged), and so on: it never sleeps. Whatever it answers is right.
 *
 * Odds: see properties/broken.ts
 */

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier that spins where it should sleep. For `parties` threads; three neighbouring cells. */
export class BusyBarrier {
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
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): BusyBarrier {
    const barrier = new BusyBarrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Reads the parties only. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): BusyBarrier {
    return new BusyBarrier(view, index, Atomics.load(view, index + PARTIES));
  }

  /** Arrives, and blocks until all parties have. The last to arrive leads. */
  wait(): 'leader' | 'follower' {
    const view = this.#view;
    const index = this.#index;
    const generation = Atomics.load(view, index + GENERATION);
    if (Atomics.add(view, index, 1) + 1 === this.#parties) {
      Atomics.store(view, index, 0);
      Atomics.add(view, index + GENERATION, 1);
      Atomics.notify(view, index + GENERATION);
      return 'leader';
    }
    do {
      // FAULT B8: a negative limit has passed at once. Leave it out to wait for ever.
      Atomics.wait(view, index + GENERATION, generation, -1);
    } while (Atomics.load(view, index + GENERATION) === generation);
    return 'follower';
  }
}
