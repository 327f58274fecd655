/**
 * A condition with a sequence word, which takes every wake-up for a notification.
 *
 * Fault V3a: nobody needs to interleave. A waiter whose time is over is told that it was notified.
 *
 * Odds: see properties/broken.ts
 */
import type { ConditionWake } from '../../src/runtime/sync/condition.ts';
import type { Mutex } from '../../src/runtime/sync/mutex.ts';

/** A condition that never says "timed out". Lives in one cell. */
export class AlwaysNotifiedCondition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes the cell a condition that nobody waits for. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): AlwaysNotifiedCondition {
    Atomics.store(view, index, 0);
    return new AlwaysNotifiedCondition(view, index);
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): AlwaysNotifiedCondition {
    return new AlwaysNotifiedCondition(view, index);
  }

  /** Gives the mutex away, sleeps until a notification, takes the mutex again. Throws what the mutex throws. */
  wait(mutex: Mutex): void {
    this.waitFor(mutex, Infinity);
  }

  /** As `wait`, for so many milliseconds at most; says that it was notified. */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    const sequence = Atomics.load(this.#view, this.#index);
    mutex.unlock();
    // FAULT V3a: the wait says how it ended, and nobody listens.
    Atomics.wait(this.#view, this.#index, sequence, timeoutMs);
    mutex.lock();
    return 'notified';
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
