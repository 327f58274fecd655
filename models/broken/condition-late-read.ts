/**
 * A condition with a sequence word, which the waiter reads after it gave the mutex away.
 *
 * Fault V1a. Shortest interleaving, 11 steps, seq = sequence: T0 take: lock, empty, unlock; T1 put: lock, seq + 1, notify (none
 * sleeps), unlock; T0 load seq (the new one), wait. The item is there, and T0 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { ConditionWake } from '../../src/runtime/sync/condition.ts';
import type { Mutex } from '../../src/runtime/sync/mutex.ts';

/** A condition whose waiter takes a notification for an old one. Lives in one cell. */
export class LateReadCondition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes the cell a condition that nobody waits for. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): LateReadCondition {
    Atomics.store(view, index, 0);
    return new LateReadCondition(view, index);
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): LateReadCondition {
    return new LateReadCondition(view, index);
  }

  /** Gives the mutex away, sleeps until a notification, takes the mutex again. Throws what the mutex throws. */
  wait(mutex: Mutex): void {
    this.waitFor(mutex, Infinity);
  }

  /** As `wait`, for so many milliseconds at most; says how it ended. */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    mutex.unlock();
    // FAULT V1a: a notification may have come since the unlock. Read before it.
    const sequence = Atomics.load(this.#view, this.#index);
    const ended = Atomics.wait(this.#view, this.#index, sequence, timeoutMs);
    mutex.lock();
    return ended === 'timed-out' ? 'timed-out' : 'notified';
  }

  /** Wakes one thread that waits. */
  notifyOne(): void {
    Atomics.add(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index, 1);
  }

  /** Wakes all threads that wait. */
  notifyAll(): void {
    Atomics.add(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index);
  }
}
