import { checkInt32Cells, checkWakeCount } from '../cell.ts';
import { checkTimeout } from '../timeout.ts';

/**
 * One 32-bit unsigned integer in shared memory: the bits of an AtomicInt32, read from 0 to 2^32 - 1. It lives in an
 * Int32Array like everything else here, as `Atomics.wait` takes no unsigned views.
 *
 * Operations that change the value return the *old* one; `store` returns what the cell then holds. All are sequentially
 * consistent and wrap modulo 2^32. The partner of each read is the write before it in the order of all operations on the
 * cell. Cost: one atomic operation a method. Source: ECMA-262, section 25.4.
 */
export class AtomicUint32 {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    checkInt32Cells(view, index, 1, 'an AtomicUint32');
    this.#view = view;
    this.#index = index;
  }

  /**
   * Writes `initial` into the cell and returns a handle on it. One thread creates; the others attach.
   *
   * @throws TypeError when the view is no Int32Array over shared memory, or `initial` is no integer
   * @throws BoundsError when the index leaves the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, initial: number = 0): AtomicUint32 {
    const atomic = new AtomicUint32(view, index);
    if (!Number.isInteger(initial)) {
      throw new TypeError(`an AtomicUint32 starts from an integer, got ${String(initial)}: round it first`);
    }
    Atomics.store(view, index, initial);
    return atomic;
  }

  /** A handle on a cell that another thread created. Does not touch the cell. Throws TypeError, BoundsError as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): AtomicUint32 {
    return new AtomicUint32(view, index);
  }

  /** The current value. */
  load(): number {
    return Atomics.load(this.#view, this.#index) >>> 0;
  }

  /** Replaces the value; returns what was stored, modulo 2^32. */
  store(value: number): number {
    Atomics.store(this.#view, this.#index, value);
    return value >>> 0;
  }

  /** Adds; returns the old value. */
  add(value: number): number {
    return Atomics.add(this.#view, this.#index, value) >>> 0;
  }

  /** Subtracts; returns the old value. */
  sub(value: number): number {
    return Atomics.sub(this.#view, this.#index, value) >>> 0;
  }

  /** Bitwise and; returns the old value. */
  and(value: number): number {
    return Atomics.and(this.#view, this.#index, value) >>> 0;
  }

  /** Bitwise or; returns the old value. */
  or(value: number): number {
    return Atomics.or(this.#view, this.#index, value) >>> 0;
  }

  /** Bitwise exclusive or; returns the old value. */
  xor(value: number): number {
    return Atomics.xor(this.#view, this.#index, value) >>> 0;
  }

  /** Replaces the value; returns the old one. */
  exchange(value: number): number {
    return Atomics.exchange(this.#view, this.#index, value) >>> 0;
  }

  /** Replaces the value by `replacement` if it is `expected` (modulo 2^32); returns the old value. */
  compareExchange(expected: number, replacement: number): number {
    return Atomics.compareExchange(this.#view, this.#index, expected, replacement) >>> 0;
  }

  /**
   * Blocks the thread while the value is `expected` (modulo 2^32), until a `notify` or the limit in milliseconds. 'ok'
   * says nothing about the value: load it again.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws TypeError on threads that must not block: use {@link AtomicUint32.waitAsync} there
   */
  wait(expected: number, timeoutMs: number = Infinity): 'ok' | 'not-equal' | 'timed-out' {
    checkTimeout(timeoutMs);
    return Atomics.wait(this.#view, this.#index, expected | 0, timeoutMs);
  }

  /**
   * As {@link AtomicUint32.wait}, without blocking; the comparison takes place before this returns. A pending wait cannot be cancelled, absorbs a
   * `notify` like any other, and does not keep the process alive. Rejects with RangeError when the limit is negative or NaN.
   */
  async waitAsync(expected: number, timeoutMs: number = Infinity): Promise<'ok' | 'not-equal' | 'timed-out'> {
    checkTimeout(timeoutMs);
    return Atomics.waitAsync(this.#view, this.#index, expected | 0, timeoutMs).value;
  }

  /**
   * Wakes at most `count` of the threads that wait on this cell, all by default; returns how many.
   *
   * @throws RangeError when the count is negative or NaN
   */
  notify(count: number = Infinity): number {
    checkWakeCount(count);
    return Atomics.notify(this.#view, this.#index, count);
  }
}
