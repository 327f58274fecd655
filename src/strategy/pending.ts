/** Questions that guided strategies ask about pending steps: which cell, and do two of them race. */
import { LOAD } from '../instrument/step.ts';
import type { SchedulerView } from './strategy.ts';

/**
 * Whether the pending steps of two threads race: one cell, and not both of them loads. A wait and a notify count as writes, for they change the
 * queue of the cell; so does a compare-exchange that will fail, since nobody knows yet.
 */
export function race(view: SchedulerView, a: number, b: number): boolean {
  const buffer = view.bufferOf(a);
  return (
    buffer !== -1 &&
    buffer === view.bufferOf(b) &&
    view.offsetOf(a) === view.offsetOf(b) &&
    (view.pending[a]!.kind !== LOAD || view.pending[b]!.kind !== LOAD)
  );
}

/** Two words in 30 bits: a name for a cell, for an operation on it, for a pair of these. A clash costs guidance, never correctness. */
export function mix(a: number, b: number): number {
  // Not 0 for small words: 0 stands for "nobody".
  let h = Math.imul(a + 0x5bd1e995, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return (h ^ (h >>> 15)) >>> 2;
}
