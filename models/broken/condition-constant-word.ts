/**
 * A condition whose word is for sleeping on only: nobody ever changes it.
 *
 * Fault V1b. Shortest interleaving, 10 steps: T0 take: lock, empty, load, unlock; T1 put: lock, notify (none sleeps), unlock; T0
 * wait: the word is as it was. The item is there, and T0 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { ConditionWake } from '../../src/runtime/sync/condition.ts';
import type { Mutex } from '../../src/runtime/sync/mutex.ts';

/** A condition whose notifications reach only those who sleep already. Lives in one cell. */
export class ConstantWordCondition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes the cell a condition that nobody waits for. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): ConstantWordCondition {
    Atomics.store(view, index, 0);
    return new ConstantWordCondition(view, index);
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): ConstantWordCondition {
    return new ConstantWordCondition(view, index);
  }

  /** Gives the mutex away, sleeps until a notification, takes the mutex again. Throws what the mutex throws. */
  wait(mutex: Mutex): void {
    this.waitFor(mutex, Infinity);
  }

  /** As `wait`, for so many milliseconds at most; says how it ended. */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    const word = Atomics.load(this.#view, this.#index);
    mutex.unlock();
    const ended = Atomics.wait(this.#view, this.#index, word, timeoutMs);
    mutex.lock();
    return ended === 'timed-out' ? 'timed-out' : 'notified';
  }

  /** Wakes one thread that waits. */
  notifyOne(): void {
    // FAULT V1b: who does not sleep yet must find another word than it read.
    Atomics.notify(this.#view, this.#index, 1);
  }

  /** Wakes all threads that wait. */
  notifyAll(): void {
    // FAULT V1b: who does not sleep yet must find another word than it read.
    Atomics.notify(this.#view, this.#index);
  }
}
