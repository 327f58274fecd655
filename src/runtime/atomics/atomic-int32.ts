import { checkInt32Cells } from '../cell.ts';
import { Int32Operations } from './int32-operations.ts';

/**
 * One 32-bit signed integer in shared memory.
 *
 * The value lives in the view's cell; this object is only a handle, and all handles on one cell are one integer.
 * Operations: see {@link Int32Operations}.
 */
export class AtomicInt32 extends Int32Operations {
  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    super(view, index);
  }

  /**
   * Writes `initial` into the cell and returns a handle on it. One thread creates; the others attach.
   *
   * @throws TypeError when the view is no Int32Array over shared memory, or `initial` is no integer
   * @throws BoundsError when the index leaves the view
   */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, initial: number = 0): AtomicInt32 {
    checkInt32Cells(view, index, 1, 'an AtomicInt32');
    if (!Number.isInteger(initial)) {
      throw new TypeError(`an AtomicInt32 starts from an integer, got ${String(initial)}: round it first`);
    }
    Atomics.store(view, index, initial);
    return new AtomicInt32(view, index);
  }

  /**
   * A handle on a cell that another thread created. Does not touch the cell.
   *
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): AtomicInt32 {
    checkInt32Cells(view, index, 1, 'an AtomicInt32');
    return new AtomicInt32(view, index);
  }
}
