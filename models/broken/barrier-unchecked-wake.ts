/**
 * The textbook barrier of count and generation, whose followers take any wake-up for their release.
 *
 * Fault B7. Shortest interleaving, 12 steps with 2 parties, c = count, g = generation: T0 load g, add c; T1 load g,
 * add c (last), store c = 0, add g; T0 wait (not equal), returns, and comes again: load g, add c (1), wait
 * (sleeps); T1 notify, meant for phase 1; T0 wakes, and leaves phase 2 alone. With 2 parties it shows only if T1
 * does something between its rounds (else it is in phase 2 by then, if not counted), or in a phase 3: there T0 is
 * the last, by its own two arrivals.
 *
 * Odds: see properties/broken.ts
 */

// Cells from the index on: the count of arrivals, the generation, the parties (constant after create).
const GENERATION = 1;
const PARTIES = 2;

/** A reusable barrier that may let a follower go a round early. For `parties` threads; three neighbouring cells. */
export class UncheckedWakeBarrier {
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
  static create(view: Int32Array<SharedArrayBuffer>, index: number, parties: number): UncheckedWakeBarrier {
    const barrier = new UncheckedWakeBarrier(view, index, parties);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + GENERATION, 0);
    Atomics.store(view, index + PARTIES, parties);
    return barrier;
  }

  /** A handle on a barrier that was created before, else throws RangeError. Reads the parties only. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): UncheckedWakeBarrier {
    return new UncheckedWakeBarrier(view, index, Atomics.load(view, index + PARTIES));
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
    // FAULT B7: a late notify of the last round ends this wait too. Look at the generation again.
    Atomics.wait(view, index + GENERATION, generation);
    return 'follower';
  }
}
