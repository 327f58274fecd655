/**
 * A latch that keeps in a word of its own whether it is open, made from a second look at the count.
 *
 * Fault X1b, false at 2 of 2. Shortest interleaving, 6 steps, c = count, o = open: T0 countDown: c = 1, load c (1); T1 countDown: c = 0,
 * load c (0), store o = 1; T0 store o = 0. All have counted, and it is closed.
 *
 * Odds: see properties/broken.ts
 */
import { CountUnderflowError } from '../../src/runtime/errors.ts';

// Cells from the index on: what is left to count, whether it is open (0 or 1).
const OPEN = 1;

/** A latch that may close again when its last two counts meet. Lives in two neighbouring cells. */
export class StaleFlagLatch {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes two cells a latch that opens after so many counts. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, count: number): StaleFlagLatch {
    Atomics.store(view, index, count);
    Atomics.store(view, index + OPEN, count === 0 ? 1 : 0);
    return new StaleFlagLatch(view, index);
  }

  /** A handle on a latch that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): StaleFlagLatch {
    return new StaleFlagLatch(view, index);
  }

  /** Counts down, opens at 0, returns what is left. Throws CountUnderflowError below 0. */
  countDown(by: number): number {
    for (;;) {
      const left = Atomics.load(this.#view, this.#index);
      if (by > left) throw new CountUnderflowError(`${left} are left, and ${by} are too many`);
      if (Atomics.compareExchange(this.#view, this.#index, left, left - by) !== left) continue;
      // FAULT X1b: what is stored is what was true when it was looked at. Only the last may store, and only 1.
      const open = Atomics.load(this.#view, this.#index) === 0 ? 1 : 0;
      Atomics.store(this.#view, this.#index + OPEN, open);
      Atomics.notify(this.#view, this.#index + OPEN);
      return left - by;
    }
  }

  /** Blocks until the latch is open. */
  wait(): void {
    while (!this.tryWait()) Atomics.wait(this.#view, this.#index + OPEN, 0);
  }

  /** Blocks until the latch is open, or so many milliseconds; says whether it is. */
  waitFor(timeoutMs: number): boolean {
    return this.tryWait() || Atomics.wait(this.#view, this.#index + OPEN, 0, timeoutMs) !== 'timed-out';
  }

  /** Whether the latch is open. */
  tryWait(): boolean {
    return Atomics.load(this.#view, this.#index + OPEN) === 1;
  }

  /** What is left to count. */
  count(): number {
    return Atomics.load(this.#view, this.#index);
  }
}
