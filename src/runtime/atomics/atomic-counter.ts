import { checkInt32Cells } from '../cell.ts';
import { CountOverflowError, CountUnderflowError } from '../errors.ts';

const MAXIMUM = 2 ** 31 - 1;

/**
 * A count from 0 to 2^31 - 1 in shared memory, which refuses to leave that range instead of wrapping: things in use,
 * tasks to go. Lives in one cell. Other than AtomicInt32, it returns the *new* count: so of all threads that count down
 * exactly one gets 0.
 *
 * Cost: a load and a compare-exchange, again for each thread that was faster.
 */
export class AtomicCounter {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    checkInt32Cells(view, index, 1, 'an AtomicCounter');
    this.#view = view;
    this.#index = index;
  }

  /**
   * Makes the cell a counter. One thread creates; the others attach.
   *
   * @throws RangeError when `initial` is no integer from 0 to 2^31 - 1
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, initial: number = 0): AtomicCounter {
    const counter = new AtomicCounter(view, index);
    checkAmount(initial, 0, 'starts from');
    Atomics.store(view, index, initial);
    return counter;
  }

  /** A handle on a counter that was created elsewhere. Does not touch the cell. Throws TypeError, BoundsError as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): AtomicCounter {
    return new AtomicCounter(view, index);
  }

  /** The current count. One atomic load. */
  value(): number {
    return Atomics.load(this.#view, this.#index);
  }

  /**
   * Counts up by `amount`; returns the new count.
   *
   * @throws RangeError when the amount is no integer from 1 to 2^31 - 1
   * @throws CountOverflowError when the count would rise above 2^31 - 1; it stays as it is
   */
  increment(amount: number = 1): number {
    checkAmount(amount, 1, 'counts by');
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if (seen > MAXIMUM - amount) {
        throw new CountOverflowError(
          `the AtomicCounter at index ${this.#index} is at ${seen}: ${amount} more is above ${MAXIMUM}`,
        );
      }
      // Partner: the compare-exchange of whoever counted before.
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen + amount) === seen)
        return seen + amount;
    }
  }

  /**
   * Counts down by `amount`; returns the new count.
   *
   * @throws RangeError when the amount is no integer from 1 to 2^31 - 1
   * @throws CountUnderflowError when the count would fall below 0; it stays as it is
   */
  decrement(amount: number = 1): number {
    checkAmount(amount, 1, 'counts by');
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if (seen < amount) {
        throw new CountUnderflowError(
          `the AtomicCounter at index ${this.#index} is at ${seen}: ${amount} less is below 0`,
        );
      }
      // Partner: the compare-exchange of whoever counted before.
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen - amount) === seen)
        return seen - amount;
    }
  }
}

function checkAmount(amount: number, least: number, what: string): void {
  if (Number.isInteger(amount) && amount >= least && amount <= MAXIMUM) return;
  throw new RangeError(`an AtomicCounter ${what} an integer from ${least} to ${MAXIMUM}, got ${amount}`);
}
