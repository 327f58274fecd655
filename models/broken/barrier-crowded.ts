/**
 * The textbook barrier of count and generation, sound for as many threads as it has parties. Nothing tells it of one too many.
 *
 * Fault B3. Shortest interleaving with 2 parties and 3 threads, g = generation, c = count: T0 load g, add c, wait (sleeps); T1 load g, add c (last);
 * **T2 load g (old), add c (3)**; T1 store c = 0, add g; T2 wait (not equal), and leaves with the two. Later the other way round: T2's arrival is
 * counted after the reset, T2 leaves alone, and the next single arrival is the "last" of two.
 *
 * Odds: see properties/broken.ts
 */

type View = Int32Array<SharedArrayBuffer>;

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier for exactly `parties` threads; three neighbouring cells. */
export class CrowdedBarrier {
  readonly #view: View;
  readonly #index: number;
  readonly #parties: number;

  private constructor(view: View, index: number, parties: number) {
    if (!Number.isInteger(parties) || parties < 1)
      throw new RangeError(
        `a barrier has 1 party or more, got ${parties}: create it for the threads that meet there`,
      );
    this.#view = view;
    this.#index = index;
    this.#parties = parties;
  }

  /** Makes three cells a barrier. Throws RangeError when the parties are no integer from 1 on. */
  static create(view: View, index: number, parties: number): CrowdedBarrier {
    const barrier = new CrowdedBarrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Reads the parties only. */
  static attach(view: View, index: number): CrowdedBarrier {
    return new CrowdedBarrier(view, index, Atomics.load(view, index + PARTIES));
  }

  /** Arrives, and blocks until all parties have. The last to arrive leads. */
  wait(): 'leader' | 'follower' {
    const view = this.#view;
    const index = this.#index;
    const generation = Atomics.load(view, index + GENERATION);
    // FAULT B3: a thread that arrives when all parties are there must be refused, or be counted for the next round.
    if (Atomics.add(view, index, 1) + 1 === this.#parties) {
      Atomics.store(view, index, 0);
      Atomics.add(view, index + GENERATION, 1);
      Atomics.notify(view, index + GENERATION);
      return 'leader';
    }
    while (Atomics.load(view, index + GENERATION) === generation)
      Atomics.wait(view, index + GENERATION, generation);
    return 'follower';
  }
}
