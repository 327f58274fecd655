/**
 * An event count (Reed & Kanodia, "Synchronization with eventcounts and sequencers", 1979, in the form of Vyukov's and
 * folly's): threads sleep on a condition that other code changes without a lock. Departure: who leaves is counted out
 * once, however often it slept.
 */
import { sleepAsync } from '../sync/sleep.ts';

// Cells from the index on:
//   0 epoch     + 1 by each wake: who is between its look at the condition and its sleep must not fall asleep.
//   1 sleepers  threads between `enter` and `leave`.
const SLEEPERS = 1;

/** The cells of an EventCount. Zero is a new one. */
export const EVENT_COUNT_CELLS = 2;

/**
 * The sleeping side: `enter()`, then time and again `epoch()`, a look at the condition, `sleep(epoch)`; at last
 * `leave()`. The waking side: change the condition by an atomic operation, then `wake`.
 *
 * No wake-up is lost, because of the single order of atomic operations: either the waking side's load sees the sleeper's
 * count, then the new epoch keeps it from sleeping or the notify wakes it; or the count came after that load, then the
 * sleeper's look at the condition, later still, sees the change. (2^32 wakes between `epoch` and `sleep` would be missed.)
 */
export class EventCount {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  /** A handle; touches no cell. */
  constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Announces that this thread may sleep. */
  enter(): void {
    // Partner: the load in wake.
    Atomics.add(this.#view, this.#index + SLEEPERS, 1);
  }

  leave(): void {
    Atomics.sub(this.#view, this.#index + SLEEPERS, 1);
  }

  /** To be taken before the look at the condition. */
  epoch(): number {
    // Partner: the add in wake.
    return Atomics.load(this.#view, this.#index);
  }

  /** Sleeps until a wake since `epoch` was taken, or the limit in milliseconds. Says nothing about the condition. */
  sleep(epoch: number, timeoutMs: number): void {
    // Partner: the notify of wake.
    Atomics.wait(this.#view, this.#index, epoch, timeoutMs);
  }

  /** As {@link EventCount.sleep} without a limit, without blocking the thread. */
  async sleepAsync(epoch: number): Promise<void> {
    await sleepAsync(this.#view, this.#index, epoch);
  }

  /** Wakes at most `count` sleepers; those about to sleep do not fall asleep. One atomic load if there are none. */
  wake(count: number): void {
    // Partner: the add in enter.
    if (Atomics.load(this.#view, this.#index + SLEEPERS) === 0) return;
    // Partner: the load in epoch, the comparison in sleep.
    Atomics.add(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index, count);
  }
}
