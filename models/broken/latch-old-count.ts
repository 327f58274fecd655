/**
 * A completion latch that mistakes what is left after a count for what was left before it.
 *
 * Fault X1, for a latch of 2: true at 1 of 2, false at 2 of 2. Nobody needs to interleave: T0 countDown: c = 1, store o = 1; T0 tryWait: open.
 * Then T1 countDown: c = 0, store o = 0; T1 tryWait: closed.
 *
 * Odds: see properties/broken.ts
 */
import { CountUnderflowError } from '../../src/runtime/errors.ts';

// Cells from the index on: what is left to count, whether it is open (0 or 1).
const OPEN = 1;

/** A latch that opens one count too early, and closes with the last. Lives in two neighbouring cells. */
export class OldCountLatch {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes two cells a latch that opens after so many counts. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, count: number): OldCountLatch {
    Atomics.store(view, index, count);
    Atomics.store(view, index + OPEN, count === 0 ? 1 : 0);
    return new OldCountLatch(view, index);
  }

  /** A handle on a latch that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): OldCountLatch {
    return new OldCountLatch(view, index);
  }

  /** Counts down, opens at 0, returns what is left. Throws CountUnderflowError below 0. */
  countDown(by: number): number {
    for (;;) {
      const left = Atomics.load(this.#view, this.#index);
      if (by > left) throw new CountUnderflowError(`${left} are left, and ${by} are too many`);
      if (Atomics.compareExchange(this.#view, this.#index, left, left - by) !== left) continue;
      // FAULT X1: the last to count finds 1 before its step, 0 after it. This is after it.
      Atomics.store(this.#view, this.#index + OPEN, left - by === 1 ? 1 : 0);
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
