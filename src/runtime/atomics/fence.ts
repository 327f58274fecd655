import { checkInt32Cells } from '../cell.ts';

/**
 * A full fence among the threads that pass the same word.
 *
 * JavaScript has no fence without a location: its memory model (ECMA-262, section 29) orders threads only through
 * atomic accesses of one location. So a fence names its word: of two fences on one word, one comes first, and everything
 * that its thread did before it, plain accesses included, is visible to the other thread after the second.
 * The word's value is neither used nor changed; any word that the threads share will do, one of its own is fastest.
 *
 * Cost: one atomic read-modify-write.
 *
 * @throws TypeError when the view is no Int32Array over shared memory
 * @throws BoundsError when the index leaves the view
 */
export function fence(view: Int32Array<SharedArrayBuffer>, index: number): void {
  checkInt32Cells(view, index, 1, 'a fence');
  // Partner: every other fence on this word. A read-modify-write reads the one before it, so the fences form a chain in
  // which each synchronizes with the next.
  Atomics.or(view, index, 0);
}
