/**
 * A lock graph that looks one lock ahead: it sees two threads that wait for each other, and no longer circle.
 *
 * Fault DG. Shortest interleaving: T0, T1 and T2 take locks 0, 1 and 2; T0 waits for 1, T1 for 2, T2 for 0. All three wait for ever, and
 * nobody is told.
 *
 * Odds: see properties/broken.ts
 */
import { LockGraph } from '../../src/runtime/sync/lock-graph.ts';

/** As LockGraph, but for the fault. */
export class NearSightedLockGraph extends LockGraph {
  protected override deadlockOf(row: number): readonly number[] | undefined {
    // FAULT DG: the search must go on from the thread that is waited for.
    for (let other = 0; other < this.table.threads; other += 1) {
      if (this.table.waitsFor(row, other) && this.table.waitsFor(other, row)) return [row, other];
    }
    return undefined;
  }
}
