/**
 * A condition variable over a sequence word, after the futex condition of Rust's standard library (`sys/sync/condvar/futex.rs`), with
 * the predicate loop of Hansen and Hoare's monitors left to the caller.
 * Departures: a count of the waiters saves the notifier its wake-up call when nobody waits; waiters are not moved over to the
 * mutex's queue (JavaScript has no requeue), so each competes for the mutex once it is awake; it says whether it was
 * notified or ran out of time.
 */
import { checkInt32Cells } from '../cell.ts';
import { checkTimeout } from '../timeout.ts';
import type { Mutex } from './mutex.ts';
import { sleepAsync } from './sleep.ts';

// Cell 0: sequence, + 1 by each notification that finds a waiter; wraps.
// Cell 1: waiters, the threads between the start of their wait and their wake-up.
// Invariant: a waiter counts itself in, and reads the sequence, before it gives the mutex away. So a notifier whose change of
// what is waited for came later sees the count, and changes the sequence: the waiter wakes, or never falls asleep.
const WAITERS = 1;
const CELLS = 2;

/** How a wait with a time limit ended. */
export type ConditionWake = 'notified' | 'timed-out';

/**
 * Lets threads sleep until something that a mutex guards has changed. Lives in two neighbouring cells of an `Int32Array` over
 * shared memory; the object is a handle. Send view and index to other threads, and let them attach.
 *
 * ```ts
 * using held = mutex.guard();
 * while (queueIsEmpty()) condition.wait(mutex);
 * ```
 *
 * Wait in a loop that looks at the thing waited for: a notification says that it may have changed, and another thread may have come
 * in between. Change it while holding the mutex; notify then, or after `unlock`. All threads that wait use one mutex.
 *
 * No notification is lost: one that comes after the waiter gave the mutex away wakes it, also just before it falls asleep.
 * (Except when exactly 2^32 notifications come between these two moments.)
 */
export class Condition {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    checkInt32Cells(view, index, CELLS, 'a Condition');
    this.#view = view;
    this.#index = index;
  }

  /**
   * Makes two cells, at `index` and `index + 1`, a condition that nobody waits for. One thread creates; the others attach.
   *
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): Condition {
    const condition = new Condition(view, index);
    Atomics.store(view, index, 0);
    Atomics.store(view, index + WAITERS, 0);
    return condition;
  }

  /** A handle on a condition that was created elsewhere. Does not touch the cells. Throws as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): Condition {
    return new Condition(view, index);
  }

  /**
   * Gives `mutex` away, sleeps until a notification, and takes `mutex` again. Returns with the mutex held.
   *
   * Cost: 4 atomic operations with the sleep, besides one unlock and one lock.
   *
   * @param mutex this thread's handle on the mutex, which it holds
   * @throws NotOwnerError when this thread does not hold the mutex; nothing has changed then
   * @throws PoisonedError when the mutex was declared dead, before or during the wait; this thread does not hold it then. Who
   *   calls `poison` on a mutex calls `notifyAll` on its conditions, too: poison alone does not wake those who sleep here
   * @throws TypeError on threads that must not block, which no longer hold the mutex then: use {@link Condition.waitAsync}
   */
  wait(mutex: Mutex): void {
    this.#sleep(mutex, Infinity);
    mutex.lock();
  }

  /**
   * As {@link Condition.wait}, for at most `timeoutMs` milliseconds of sleep; taking the mutex again may last longer.
   * 'timed-out' means that no notification was spent on this thread: it may give up without a look, and nobody else misses
   * one for it. 'notified' means that there was a notification during the call.
   *
   * @throws RangeError when the limit is negative or NaN; nothing has changed then
   * @throws NotOwnerError, PoisonedError, TypeError as `wait`
   */
  waitFor(mutex: Mutex, timeoutMs: number): ConditionWake {
    checkTimeout(timeoutMs);
    const wake = this.#sleep(mutex, timeoutMs);
    mutex.lock();
    return wake;
  }

  /**
   * As {@link Condition.wait}, without blocking the thread, for threads that must not. Resolves when the mutex is held again.
   * A pending call keeps the process alive. When its thread ends it may take one `notifyOne` with it: use
   * `notifyAll` where such threads wait.
   *
   * Rejects as `wait` throws, and with RelockError when this thread took the mutex in the meantime.
   */
  async waitAsync(mutex: Mutex): Promise<void> {
    const sequence = this.#leave(mutex);
    try {
      // Partner: the notify of notifyOne and notifyAll.
      await sleepAsync(this.#view, this.#index, sequence);
    } finally {
      Atomics.sub(this.#view, this.#index + WAITERS, 1);
    }
    await mutex.lockAsync();
  }

  /**
   * Wakes one thread that waits; nobody if nobody does. Now and then one more, which is about to fall asleep. The caller need not hold
   * the mutex. Cost: 1 atomic load when nobody waits, else 2 atomic operations and a notify.
   */
  notifyOne(): void {
    if (!this.#advance()) return;
    Atomics.notify(this.#view, this.#index, 1);
  }

  /** Wakes all threads that wait. Otherwise as {@link Condition.notifyOne}. */
  notifyAll(): void {
    if (!this.#advance()) return;
    Atomics.notify(this.#view, this.#index);
  }

  /** Changes the sequence if anybody waits; says whether. */
  #advance(): boolean {
    // Partner: the add of a waiter in leave. Whoever is not counted yet still holds the mutex, or will take it after the change that
    // the caller made under it, and sees that change.
    if (Atomics.load(this.#view, this.#index + WAITERS) === 0) return false;
    // Partner: the comparison inside the wait of a counted waiter that does not sleep yet. Before the notify, for its sake.
    Atomics.add(this.#view, this.#index, 1);
    return true;
  }

  /** Counts this thread in and gives the mutex away; the sequence as it was before that. */
  #leave(mutex: Mutex): number {
    // Partner: the load of the waiters in advance.
    Atomics.add(this.#view, this.#index + WAITERS, 1);
    // Partner: the add in advance. Under the mutex: after unlock, a notification could come in between and be taken for an old one.
    const sequence = Atomics.load(this.#view, this.#index);
    try {
      mutex.unlock();
    } catch (error) {
      Atomics.sub(this.#view, this.#index + WAITERS, 1);
      throw error;
    }
    return sequence;
  }

  #sleep(mutex: Mutex, timeoutMs: number): ConditionWake {
    const sequence = this.#leave(mutex);
    try {
      // Partner: the notify of notifyOne and notifyAll. 'not-equal': notified before it fell asleep. A sleep that times out has
      // left the queue, so no notify was spent on it.
      const ended = Atomics.wait(this.#view, this.#index, sequence, timeoutMs);
      return ended === 'timed-out' ? 'timed-out' : 'notified';
    } finally {
      Atomics.sub(this.#view, this.#index + WAITERS, 1);
    }
  }
}
