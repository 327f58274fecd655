/**
 * A semaphore for any number of permits, which wakes as many threads as permits came.
 *
 * Fault: lost wake-up with mixed numbers. T0 wants 2 and sleeps, T1 wants 1 and sleeps; T2 releases 1 and wakes one: T0, which cannot go on
 * and sleeps again. T1 sleeps beside a free permit.
 *
 * Odds: see properties/broken.ts
 */
import { CountOverflowError } from '../../src/runtime/errors.ts';

// Cells from the index on: free permits, threads that wait, most permits (constant after create).
const WAITERS = 1;
const MAXIMUM = 2;

/** A semaphore whose wake-ups may fall to those who cannot go on. Lives in three neighbouring cells. */
export class ReleasedNotifySemaphore {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes three cells a semaphore. */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    permits: number,
    maximum: number,
  ): ReleasedNotifySemaphore {
    Atomics.store(view, index, permits);
    Atomics.store(view, index + WAITERS, 0);
    Atomics.store(view, index + MAXIMUM, maximum);
    return new ReleasedNotifySemaphore(view, index);
  }

  /** A handle on a semaphore that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): ReleasedNotifySemaphore {
    return new ReleasedNotifySemaphore(view, index);
  }

  /** Takes so many permits; blocks until there are as many. Throws RangeError on a wrong number. */
  acquire(permits: number): void {
    this.acquireFor(Infinity, permits);
  }

  /** Takes so many permits if they are there; says whether it did. Throws RangeError on a wrong number. */
  tryAcquire(permits: number): boolean {
    const maximum = Atomics.load(this.#view, this.#index + MAXIMUM);
    if (!(permits >= 1 && permits <= maximum)) {
      throw new RangeError(`a thread takes 1 to ${maximum} permits, got ${permits}`);
    }
    return this.#take(permits) === -1;
  }

  /** Takes so many permits if it can within so many milliseconds; says whether it did. Throws RangeError on a wrong number. */
  acquireFor(timeoutMs: number, permits: number): boolean {
    if (this.tryAcquire(permits)) return true;
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    Atomics.add(this.#view, this.#index + WAITERS, 1);
    let expired = false;
    for (;;) {
      const seen = this.#take(permits);
      const remainingMs = deadline === Infinity ? Infinity : deadline - performance.now();
      if (seen === -1 || expired || remainingMs <= 0) {
        Atomics.sub(this.#view, this.#index + WAITERS, 1);
        return seen === -1;
      }
      expired = Atomics.wait(this.#view, this.#index, seen, remainingMs) === 'timed-out';
    }
  }

  /** Gives so many permits back. Throws CountOverflowError when there would be too many. */
  release(permits: number): void {
    const maximum = Atomics.load(this.#view, this.#index + MAXIMUM);
    for (;;) {
      const free = Atomics.load(this.#view, this.#index);
      if (free > maximum - permits) {
        throw new CountOverflowError(`${free} permits are free, and ${permits} more are too many`);
      }
      if (Atomics.compareExchange(this.#view, this.#index, free, free + permits) === free) break;
    }
    if (Atomics.load(this.#view, this.#index + WAITERS) === 0) return;
    // FAULT: right only if everybody wants one. Else wake all.
    Atomics.notify(this.#view, this.#index, permits);
  }

  /** The permits that are free. */
  available(): number {
    return Atomics.load(this.#view, this.#index);
  }

  /** Takes the permits if they are there (returns -1), else how many there are. */
  #take(permits: number): number {
    for (;;) {
      const free = Atomics.load(this.#view, this.#index);
      if (free < permits) return free;
      if (Atomics.compareExchange(this.#view, this.#index, free, free - permits) === free) return -1;
    }
  }
}
