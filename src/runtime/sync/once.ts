/**
 * Runs something once among all threads, after `std::call_once` of C++11: whoever comes while it runs waits, and a run that
 * throws does not count. In one word with its owner, as the mutex beside it.
 * Departure: re-entry, in C++ a deadlock, is an error.
 */
import { checkInt32Cells } from '../cell.ts';
import { NotCreatedError, ReentryError, TimeoutError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { sleepAsync } from './sleep.ts';

// The word: { done: bit 30, fresh: bit 29, owner: bits 1 to 28, waiters: bit 0 }; bit 31 is 0.
//   0                       nobody created it
//   FRESH                   nobody runs it, and no run has succeeded
//   owner << 1              the owner runs it, and nobody sleeps on the word
//   owner << 1 | WAITERS    the owner runs it, and must wake all when it is through
//   DONE                    for good
const DONE = 1 << 30;
const FRESH = 1 << 29;
const WAITERS = 1;
const OWNER_SHIFT = 1;
const MAXIMUM_OWNER = 2 ** 28 - 1;

/**
 * Something that is to be done once, by whichever thread comes first. Lives in one cell of an `Int32Array` over shared memory; the
 * object is a handle for one thread. Send view and index to other threads, and let them attach.
 *
 * Everything that the successful run wrote is visible to every thread whose `run` returned. Its result is not: what
 * others need belongs into shared memory.
 */
export class Once {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;
  /** The word while this thread runs it and nobody waits. */
  readonly #own: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number) {
    checkInt32Cells(view, index, 1, 'a Once');
    if (!Number.isInteger(owner) || owner < 1 || owner > MAXIMUM_OWNER) {
      throw new RangeError(
        `the owner of a Once handle is a thread id from 1 to ${MAXIMUM_OWNER}, got ${owner}: ` +
          'pass a positive integer that no other thread uses, or nothing',
      );
    }
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
    this.#own = owner << OWNER_SHIFT;
  }

  /**
   * Makes the cell a Once that has not run, and returns this thread's handle. One thread creates; the others attach.
   *
   * @param owner id of the thread that uses this handle, 1 to 2^28 - 1, unlike that of any other living thread
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   * @throws RangeError when the owner is no such id
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, owner: number = currentThreadId()): Once {
    const once = new Once(view, index, owner);
    Atomics.store(view, index, FRESH);
    return once;
  }

  /** This thread's handle on a Once that was created elsewhere. Does not touch the cell. Throws as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number, owner: number = currentThreadId()): Once {
    return new Once(view, index, owner);
  }

  /**
   * Runs `action`, unless a run has succeeded already; waits while another thread runs its own. True if it ran `action`, false if
   * there was no need. When it returns, a run has succeeded. If `action` throws, so does `run`, and the next thread in line
   * runs what it brought.
   *
   * Cost: 1 atomic load once it is done; 3 operations for the thread that runs, and a notify when others wait.
   *
   * @param timeoutMs limit in milliseconds for the wait for another thread's run; the own run has none
   * @throws whatever `action` throws
   * @throws RangeError when the limit is negative or NaN
   * @throws TimeoutError when the limit passed while another thread was running its action
   * @throws ReentryError when this thread is running it already: `action` came back to its own Once
   * @throws NotCreatedError when nobody created a Once in this cell
   * @throws TypeError on threads that must not block, when another thread runs it: use {@link Once.runAsync} there
   */
  run(action: () => void, timeoutMs: number = Infinity): boolean {
    checkTimeout(timeoutMs);
    if (!this.#enter(timeoutMs)) return false;
    let done = false;
    try {
      action();
      done = true;
    } finally {
      this.#leave(done ? DONE : FRESH);
    }
    return true;
  }

  /**
   * As {@link Once.run}, without blocking the thread, for threads that must not; `action` may return a promise, and runs until it
   * settles. A second call of the same thread in the meantime rejects with ReentryError. A pending call keeps the process alive. Rejects as `run` throws.
   */
  async runAsync(action: () => void | Promise<void>): Promise<boolean> {
    for (;;) {
      const seen = this.#claimOrMark();
      if (seen === DONE) return false;
      if (seen === FRESH) break;
      // Partner: the notify of leave or abandon. The promise is a hint only: the loop looks at the word again.
      await sleepAsync(this.#view, this.#index, seen);
    }
    let done = false;
    try {
      await action();
      done = true;
    } finally {
      this.#leave(done ? DONE : FRESH);
    }
    return true;
  }

  /**
   * Whether a run has succeeded. One atomic load.
   *
   * @throws NotCreatedError when nobody created a Once in this cell
   */
  isDone(): boolean {
    // Partner: the exchange of leave, whose thread's writes who is told "done" must see.
    const seen = Atomics.load(this.#view, this.#index);
    if (seen === 0) throw this.#notCreated();
    return seen === DONE;
  }

  /**
   * To be called once a thread has ended (not before: it may still write). If it was running, the run counts as failed: all who
   * wait are woken, one of them runs, and the result is true. If not, the result is false.
   */
  abandon(deadOwner: number): boolean {
    for (;;) {
      // Partner: the compare-exchange by which the dead thread began.
      const seen = Atomics.load(this.#view, this.#index);
      if (deadOwner < 1 || (seen & (DONE | FRESH)) !== 0 || seen >>> OWNER_SHIFT !== deadOwner) return false;
      // Fails only when a waiter just set WAITERS.
      if (Atomics.compareExchange(this.#view, this.#index, seen, FRESH) !== seen) continue;
      Atomics.notify(this.#view, this.#index);
      return true;
    }
  }

  /** Waits for its turn: true when this thread shall run, false when a run has succeeded. */
  #enter(timeoutMs: number): boolean {
    const deadline = deadlineAfter(timeoutMs);
    let expired = false;
    for (;;) {
      const seen = this.#claimOrMark();
      if (seen === DONE) return false;
      if (seen === FRESH) return true;
      const remainingMs: number = expired ? 0 : remainingUntil(deadline);
      if (remainingMs <= 0) {
        throw new TimeoutError(
          `thread ${seen >>> OWNER_SHIFT} did not finish its run of the Once at index ${this.#index} within ${timeoutMs} ms: ` +
            'wait longer, or call abandon() when that thread has died',
        );
      }
      // Partner: the notify of leave or abandon. Returns at once when the word has changed since it was seen.
      expired = Atomics.wait(this.#view, this.#index, seen, remainingMs) === 'timed-out';
    }
  }

  /** FRESH: this thread shall run now. DONE: there is no need. Else the word to sleep on, whose owner will wake all. */
  #claimOrMark(): number {
    for (;;) {
      // Partner: the exchange of leave, the FRESH of abandon.
      const seen = Atomics.load(this.#view, this.#index);
      if (seen === DONE) return DONE;
      if (seen === 0) throw this.#notCreated();
      if (seen === FRESH) {
        // Nobody sleeps on FRESH: leave and abandon wake all. So the new owner begins without WAITERS.
        if (Atomics.compareExchange(this.#view, this.#index, FRESH, this.#own) === FRESH) return FRESH;
        continue;
      }
      if (seen >>> OWNER_SHIFT === this.#owner) {
        throw new ReentryError(
          `thread ${this.#owner} runs the Once at index ${this.#index} already: its action must not run it again`,
        );
      }
      if ((seen & WAITERS) !== 0) return seen;
      // Partner: the exchange of leave, which reads the bit.
      const marked = seen | WAITERS;
      if (Atomics.compareExchange(this.#view, this.#index, seen, marked) === seen) return marked;
    }
  }

  /** Ends this thread's run and wakes all who wait: for DONE to go on, for FRESH to run in its place. */
  #leave(next: number): void {
    // Partner: the load of isDone and claimOrMark. Before the notify: who wakes first would see it run still, and sleep again.
    const seen = Atomics.exchange(this.#view, this.#index, next);
    if ((seen & WAITERS) !== 0) Atomics.notify(this.#view, this.#index);
  }

  #notCreated(): NotCreatedError {
    return new NotCreatedError(
      `there is no Once at index ${this.#index} (word: 0): one thread must call Once.create first`,
    );
  }
}
