import { checkInt32Cells } from '../cell.ts';
import { NotCreatedError } from '../errors.ts';
import { sleepAsync } from '../sync/sleep.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';

// The word: 0 clear, 1 set.
const CLEAR = 0;
const SET = 1;

/**
 * A flag in shared memory, which any thread may set, clear and wait for: a stop request, "data is ready". Lives in one
 * cell. Everything written before `set` is visible to who sees it set.
 *
 * It is not a lock: nobody owns it. Source: `std::atomic_flag` of C++20.
 */
export class AtomicFlag {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    checkInt32Cells(view, index, 1, 'an AtomicFlag');
    this.#view = view;
    this.#index = index;
  }

  /**
   * Makes the cell a flag that is clear. One thread creates; the others attach.
   *
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number): AtomicFlag {
    const flag = new AtomicFlag(view, index);
    Atomics.store(view, index, CLEAR);
    return flag;
  }

  /** A handle on a flag that was created elsewhere. Does not touch the cell. Throws as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): AtomicFlag {
    return new AtomicFlag(view, index);
  }

  /** Whether it is set. One atomic load. */
  isSet(): boolean {
    // Partner: the exchange of set.
    return Atomics.load(this.#view, this.#index) === SET;
  }

  /** Sets it and wakes all who wait; true for the one thread that found it clear. An exchange, and a notify for that one. */
  set(): boolean {
    // Partner: the load of isSet and wait; another set, of which one finds it clear.
    if (Atomics.exchange(this.#view, this.#index, SET) !== CLEAR) return false;
    Atomics.notify(this.#view, this.#index);
    return true;
  }

  /** Clears it; true for the one thread that found it set. One exchange. */
  clear(): boolean {
    return Atomics.exchange(this.#view, this.#index, CLEAR) === SET;
  }

  /**
   * Blocks until the flag is set; returns whether it was within `timeoutMs` milliseconds. A flag that is set and
   * cleared again before a waiter has run may be missed by it.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws NotCreatedError when the cell holds no flag
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  wait(timeoutMs: number = Infinity): boolean {
    checkTimeout(timeoutMs);
    const deadline = deadlineAfter(timeoutMs);
    while (!this.#checkedIsSet()) {
      const remainingMs = remainingUntil(deadline);
      if (remainingMs <= 0) return false;
      // Partner: the notify of set. Returns at once when it was set since it was seen clear.
      Atomics.wait(this.#view, this.#index, CLEAR, remainingMs);
    }
    return true;
  }

  /** As {@link AtomicFlag.wait}, without blocking the thread, for threads that must not. A pending call keeps the process alive. Rejects as `wait` throws. */
  async waitAsync(timeoutMs: number = Infinity): Promise<boolean> {
    checkTimeout(timeoutMs);
    const deadline = deadlineAfter(timeoutMs);
    while (!this.#checkedIsSet()) {
      if (remainingUntil(deadline) <= 0) return false;
      // Partner: as in wait.
      await sleepAsync(this.#view, this.#index, CLEAR, deadline);
    }
    return true;
  }

  #checkedIsSet(): boolean {
    const seen = Atomics.load(this.#view, this.#index);
    if (seen === SET || seen === CLEAR) return seen === SET;
    throw new NotCreatedError(
      `there is no AtomicFlag at index ${this.#index} (found: ${seen}): one thread must call AtomicFlag.create first`,
    );
  }
}
