import { checkInt64Cell } from '../cell.ts';
import { Int64Operations } from './int64-operations.ts';

/**
 * One 64-bit signed integer in shared memory, as bigint.
 *
 * The value lives in the view's cell; this object is only a handle, and all handles on one cell are one integer.
 * Operations: see {@link Int64Operations}.
 */
export class AtomicInt64 extends Int64Operations {
  private constructor(view: BigInt64Array<SharedArrayBuffer>, index: number) {
    super(view, index);
  }

  /**
   * Writes `initial` into the cell and returns a handle on it. One thread creates; the others attach.
   *
   * @throws TypeError when the view is no BigInt64Array over shared memory, or `initial` is no bigint
   * @throws BoundsError when the index leaves the view
   */
  static create(view: BigInt64Array<SharedArrayBuffer>, index: number, initial: bigint = 0n): AtomicInt64 {
    checkInt64Cell(view, index, 'an AtomicInt64');
    if (typeof initial !== 'bigint') {
      throw new TypeError(`an AtomicInt64 starts from a bigint, got ${String(initial)}: write 0n for 0`);
    }
    Atomics.store(view, index, initial);
    return new AtomicInt64(view, index);
  }

  /**
   * A handle on a cell that another thread created. Does not touch the cell.
   *
   * @throws TypeError when the view is no BigInt64Array over shared memory
   * @throws BoundsError when the index leaves the view
   */
  static attach(view: BigInt64Array<SharedArrayBuffer>, index: number): AtomicInt64 {
    checkInt64Cell(view, index, 'an AtomicInt64');
    return new AtomicInt64(view, index);
  }
}
