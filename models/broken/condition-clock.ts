/**
 * A condition with a sequence word, which asks the clock, once it has the mutex again, whether its time is over.
 *
 * Fault V3b. A waiter is notified, and its time is over before it has the mutex: it is told "timed out" and gives up, with the
 * notification spent. Another that waits for the same item sleeps on beside it.
 *
 * Odds: see properties/broken.ts
 */
import type { ConditionWake } from '../../src/runtime/sync/condition.ts';
import type { Mutex } from '../../src/runtime/sync/mutex.ts';

/** A condition that may say "timed out" to a thread that it notified. Lives in one cell. */
export class ClockCondition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Makes the cell a condition that nobody waits for. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): ClockCondition {
    Atomics.store(view, index, 0);
    return new ClockCondition(view, index);
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): ClockCondition {
    return new ClockCondition(view, index);
  }

  /** Gives the mutex away, sleeps until a notification, takes the mutex again. Throws what the mutex throws. */
  wait(mutex: Mutex): void {
    this.waitFor(mutex, Infinity);
  }

  /** As `wait`, for so many milliseconds at most; says how it ended. */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    const deadline = timeoutMs === Infinity ? Infinity : performance.now() + timeoutMs;
    const sequence = Atomics.load(this.#view, this.#index);
    mutex.unlock();
    Atomics.wait(this.#view, this.#index, sequence, timeoutMs);
    mutex.lock();
    // FAULT V3b: a notified thread may be late, too. What the wait returned says which it was.
    return deadline !== Infinity && performance.now() >= deadline ? 'timed-out' : 'notified';
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
