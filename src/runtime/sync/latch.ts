/**
 * A count-down latch in one word (`java.util.concurrent.CountDownLatch`, C++20 `std::latch`): opens once, when its count is 0, and
 * stays open. Departures: counting below 0 is an error, in Java it is ignored and in C++ undefined; `countDown` returns what is left.
 */
import { checkInt32Cells } from '../cell.ts';
import { CountUnderflowError, NotCreatedError } from '../errors.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { sleepAsync } from './sleep.ts';

// The word: { created: bit 30, count: bits 0 to 29 }; bit 31 is 0. Without the bit a cell that nobody set up would look open.
const CREATED = 1 << 30;
const MAXIMUM_COUNT = 2 ** 30 - 1;

/**
 * Something that threads wait for until it was counted down to 0. For one use: it cannot be closed again. Lives in one cell of an
 * `Int32Array` over shared memory; the object is a handle. Send view and index to other threads, and let them attach.
 *
 * Everything written before any `countDown` is visible to those whom the open latch lets through.
 */
export class Latch {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    checkInt32Cells(view, index, 1, 'a Latch');
    this.#view = view;
    this.#index = index;
  }

  /**
   * Makes the cell a latch that opens after so many counts. One thread creates; the others attach.
   *
   * @param count 0 to 2^30 - 1; a latch of 0 is open
   * @throws RangeError when the count is no such integer
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, count: number): Latch {
    if (!Number.isInteger(count) || count < 0 || count > MAXIMUM_COUNT) {
      throw new RangeError(
        `a Latch counts down from 0 to ${MAXIMUM_COUNT}, got ${count}: pass the number of events that it waits for`,
      );
    }
    const latch = new Latch(view, index);
    Atomics.store(view, index, CREATED | count);
    return latch;
  }

  /** A handle on a latch that was created elsewhere. Does not touch the cell. Throws TypeError, BoundsError as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): Latch {
    return new Latch(view, index);
  }

  /**
   * Counts down, and opens the latch when that makes 0. Returns what is left. Never blocks.
   * Cost: 2 atomic operations; the last count wakes all who wait.
   *
   * @param by how many events happened, from 1 on
   * @throws RangeError when `by` is no such integer
   * @throws CountUnderflowError when fewer than that are left; nothing has changed then
   * @throws NotCreatedError when nobody created a latch in this cell
   */
  countDown(by: number = 1): number {
    if (!Number.isInteger(by) || by < 1) {
      throw new RangeError(
        `a Latch counts down by 1 or more, got ${by}: pass the number of events that happened`,
      );
    }
    for (;;) {
      const left = this.count();
      if (by > left) {
        throw new CountUnderflowError(
          `the Latch at index ${this.#index} has ${left} left to count and cannot count down by ${by}: ` +
            'create it for as many events as happen',
        );
      }
      // Partner: the load of those who wait, which must see the writes of all who counted. No subtraction: it could not be taken back
      // before somebody sees the latch open, or open again.
      const next = CREATED | (left - by);
      if (Atomics.compareExchange(this.#view, this.#index, CREATED | left, next) !== (CREATED | left))
        continue;
      // Once in the life of the latch. Those who fall asleep later are refused: the word has changed.
      if (left === by) Atomics.notify(this.#view, this.#index);
      return left - by;
    }
  }

  /**
   * Blocks until the latch is open. Cost: 1 atomic load when it is.
   *
   * @throws NotCreatedError when nobody created a latch in this cell
   * @throws TypeError on threads that must not block: use {@link Latch.waitAsync} there
   */
  wait(): void {
    this.#waitUntil(Infinity);
  }

  /**
   * Blocks until the latch is open, at most `timeoutMs` milliseconds; says whether it is. Infinity is `wait`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws NotCreatedError, TypeError as {@link Latch.wait}
   */
  waitFor(timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    return this.#waitUntil(deadlineAfter(timeoutMs));
  }

  /** Whether the latch is open. Never blocks. One atomic load. Throws NotCreatedError as {@link Latch.wait}. */
  tryWait(): boolean {
    return this.count() === 0;
  }

  /**
   * Resolves when the latch is open, for threads that must not block. A pending call keeps the process alive.
   * Rejects with NotCreatedError as {@link Latch.wait}.
   */
  async waitAsync(): Promise<void> {
    for (let left = this.count(); left > 0; left = this.count()) {
      // Partner: the notify of the last countDown, which wakes all.
      await sleepAsync(this.#view, this.#index, CREATED | left);
    }
  }

  /**
   * What is left to count; 0 when the latch is open. One atomic load.
   *
   * @throws NotCreatedError when nobody created a latch in this cell
   */
  count(): number {
    // Partner: the store of create, the compare-exchange of countDown.
    const word = Atomics.load(this.#view, this.#index);
    if ((word & CREATED) === 0) {
      throw new NotCreatedError(
        `there is no Latch at index ${this.#index} (word: ${word}): one thread must call Latch.create first`,
      );
    }
    return word & ~CREATED;
  }

  #waitUntil(deadline: number): boolean {
    let expired = false;
    for (;;) {
      const left = this.count();
      if (left === 0) return true;
      if (expired) return false;
      const remainingMs = remainingUntil(deadline);
      if (remainingMs <= 0) return false;
      // Partner: the notify of the last countDown. Counts before it wake nobody; returns at once when one came since the word was seen.
      expired = Atomics.wait(this.#view, this.#index, CREATED | left, remainingMs) === 'timed-out';
    }
  }
}
