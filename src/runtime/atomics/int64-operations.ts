import { checkWakeCount } from '../cell.ts';
import { checkTimeout } from '../timeout.ts';

/**
 * What can be done with one 64-bit signed integer in shared memory, as bigint; the classes that extend it say where the
 * integer lives.
 *
 * Every operation is sequentially consistent and wraps as two's complement.
 * The partner of each read is the write before it in the single order of all operations on the cell,
 * whichever handle or thread made it.
 *
 * Operations that change the value return the *old* one, as `Atomics` does; `store` returns what the cell then holds.
 * Cost: one atomic operation a method. Source: ECMA-262, section 25.4.
 */
export abstract class Int64Operations {
  readonly #view: BigInt64Array<SharedArrayBuffer>;
  readonly #index: number;

  /** A handle; touches no cell. The cell is in the view: the caller has checked it. */
  protected constructor(view: BigInt64Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** The current value. */
  load(): bigint {
    return Atomics.load(this.#view, this.#index);
  }

  /** Replaces the value; returns what was stored, wrapped to 64 bits. */
  store(value: bigint): bigint {
    Atomics.store(this.#view, this.#index, value);
    return BigInt.asIntN(64, value);
  }

  /** Adds; returns the old value. */
  add(value: bigint): bigint {
    return Atomics.add(this.#view, this.#index, value);
  }

  /** Subtracts; returns the old value. */
  sub(value: bigint): bigint {
    return Atomics.sub(this.#view, this.#index, value);
  }

  /** Bitwise and; returns the old value. */
  and(value: bigint): bigint {
    return Atomics.and(this.#view, this.#index, value);
  }

  /** Bitwise or; returns the old value. */
  or(value: bigint): bigint {
    return Atomics.or(this.#view, this.#index, value);
  }

  /** Bitwise exclusive or; returns the old value. */
  xor(value: bigint): bigint {
    return Atomics.xor(this.#view, this.#index, value);
  }

  /** Replaces the value; returns the old one. */
  exchange(value: bigint): bigint {
    return Atomics.exchange(this.#view, this.#index, value);
  }

  /**
   * Replaces the value by `replacement` if it is `expected` (wrapped to 64 bits).
   * Returns the old value: the replacement took place exactly when that equals the wrapped `expected`.
   */
  compareExchange(expected: bigint, replacement: bigint): bigint {
    return Atomics.compareExchange(this.#view, this.#index, expected, replacement);
  }

  /**
   * Blocks the thread while the value is `expected`, until a `notify` on this cell or the limit in milliseconds.
   * 'not-equal': the value was another one, and the thread did not sleep. 'ok': it was notified, which says nothing
   * about the value: load it again.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws TypeError on threads that must not block: use {@link Int64Operations.waitAsync} there
   */
  wait(expected: bigint, timeoutMs: number = Infinity): 'ok' | 'not-equal' | 'timed-out' {
    checkTimeout(timeoutMs);
    return Atomics.wait(this.#view, this.#index, expected, timeoutMs);
  }

  /**
   * As {@link Int64Operations.wait}, without blocking; the comparison takes place before this returns.
   * A pending wait cannot be cancelled, absorbs a `notify` like any other, and does not keep the process alive.
   * Rejects with RangeError when the limit is negative or NaN.
   */
  async waitAsync(expected: bigint, timeoutMs: number = Infinity): Promise<'ok' | 'not-equal' | 'timed-out'> {
    checkTimeout(timeoutMs);
    return Atomics.waitAsync(this.#view, this.#index, expected, timeoutMs).value;
  }

  /**
   * Wakes at most `count` of the threads that wait on this cell, the longest waiting first; all of them by default.
   * Returns how many were woken.
   *
   * @throws RangeError when the count is negative or NaN
   */
  notify(count: number = Infinity): number {
    checkWakeCount(count);
    return Atomics.notify(this.#view, this.#index, count);
  }
}
