/**
 * The textbook barrier of count and generation, whose constructor initialises the words; but each thread
 * constructs.
 *
 * Fault B5. Shortest interleaving, 9 steps with 2 parties, c = count, g = generation: T0 load g, add c, waits; T1
 * attaches: load parties, store c = 0, store g = 0; T1 load g, add c (1, not 2), waits. Both for ever.
 *
 * Odds: see properties/broken.ts
 */

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier that starts again whenever a thread attaches. For `parties` threads; three neighbouring cells. */
export class ReinitialisingBarrier {
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
    // FAULT B5: attach runs this as well, and wipes who has arrived already.
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
  }

  /** Makes three cells a barrier. Throws RangeError when the parties are no integer from 1 on. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): ReinitialisingBarrier {
    const barrier = new ReinitialisingBarrier(view, index, parties);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Should read the parties only. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): ReinitialisingBarrier {
    return new ReinitialisingBarrier(view, index, Atomics.load(view, index + PARTIES));
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
      Atomics.wait(view, index + GENERATION, generation);
    } while (Atomics.load(view, index + GENERATION) === generation);
    return 'follower';
  }
}
