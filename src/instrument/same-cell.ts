/** What values are once they are in a cell: wrapped to its width. */
import type { AtomicView } from './step.ts';

/** Whether two values are one and the same in a cell of this view. True also where that cannot be told. */
export function isSameCell(view: AtomicView, a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return ((a | 0) ^ (b | 0)) << (32 - 8 * view.BYTES_PER_ELEMENT) === 0;
  return typeof a !== 'bigint' || typeof b !== 'bigint' || BigInt.asIntN(64, a ^ b) === 0n;
}

/** Whether a compare-exchange that finds `found` changes its cell. True also where that cannot be told. */
export function replaces(view: AtomicView, found: unknown, expected: unknown, by: unknown): boolean {
  if (found !== expected && !isSameCell(view, found, expected)) return false;
  return typeof found !== typeof by || !isSameCell(view, found, by);
}
