/**
 * A condition with a sequence word and a count of waiters, by which notifiers see whether anybody waits.
 *
 * Fault V1c. Shortest interleaving, 10 steps: T0 take: lock, empty, load, unlock; T1 put: lock, load the count (0: nobody to notify),
 * unlock; T0 add to the count, wait. The item is there, and T0 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { ConditionWake } from '../../src/runtime/sync/condition.ts';
import type { Mutex } from '../../src/runtime/sync/mutex.ts';

/** A condition that overlooks who has given the mutex away and does not sleep yet. Lives in two cells. */
export class LateCountCondition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes two cells a condition that nobody waits for. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): LateCountCondition {
    Atomics.store(view, index, 0);
    Atomics.store(view, index + 1, 0);
    return new LateCountCondition(view, index);
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): LateCountCondition {
    return new LateCountCondition(view, index);
  }

  /** Gives the mutex away, sleeps until a notification, takes the mutex again. Throws what the mutex throws. */
  wait(mutex: Mutex): void {
    this.waitFor(mutex, Infinity);
  }

  /** As `wait`, for so many milliseconds at most; says how it ended. */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    const sequence = Atomics.load(this.#view, this.#index);
    mutex.unlock();
    // FAULT V1c: who has the mutex now does not see this thread. Count before the unlock.
    Atomics.add(this.#view, this.#index + 1, 1);
    const ended = Atomics.wait(this.#view, this.#index, sequence, timeoutMs);
    Atomics.sub(this.#view, this.#index + 1, 1);
    mutex.lock();
    return ended === 'timed-out' ? 'timed-out' : 'notified';
  }

  /** Wakes one thread that waits. */
  notifyOne(): void {
    if (Atomics.load(this.#view, this.#index + 1) === 0) return;
    Atomics.add(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index, 1);
  }

  /** Wakes all threads that wait. */
  notifyAll(): void {
    if (Atomics.load(this.#view, this.#index + 1) === 0) return;
    Atomics.add(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index);
  }
}
