/**
 * The textbook barrier of count and generation, which reads the generation after it has counted itself in.
 *
 * Fault B1. Shortest interleaving, 7 steps with 2 parties, c = count, g = generation: T0 add c; T1 add c (last),
 * store c = 0, add g; T0 load g (the new one); T1 notify, which wakes none; T0 waits for a generation after its
 * own, for ever.
 *
 * Odds: see properties/broken.ts
 */

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier that may sleep through its own release. For `parties` threads; three neighbouring cells. */
export class LateGenerationBarrier {
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
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): LateGenerationBarrier {
    const barrier = new LateGenerationBarrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Reads the parties only. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): LateGenerationBarrier {
    return new LateGenerationBarrier(view, index, Atomics.load(view, index + PARTIES));
  }

  /** Arrives, and blocks until all parties have. The last to arrive leads. */
  wait(): 'leader' | 'follower' {
    const view = this.#view;
    const index = this.#index;
    if (Atomics.add(view, index, 1) + 1 === this.#parties) {
      Atomics.store(view, index, 0);
      Atomics.add(view, index + GENERATION, 1);
      Atomics.notify(view, index + GENERATION);
      return 'leader';
    }
    // FAULT B1: the last arrival may have turned the generation since the count. It must be read before.
    const generation = Atomics.load(view, index + GENERATION);
    do {
      Atomics.wait(view, index + GENERATION, generation);
    } while (Atomics.load(view, index + GENERATION) === generation);
    return 'follower';
  }
}
