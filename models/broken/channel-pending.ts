/**
 * A channel that ends its worker and forgets who waits.
 *
 * Fault S10: a shutdown leaves requests pending.
 *
 * Odds: see properties/broken.ts
 */
import { SimpleWorker } from './simple-worker.ts';

/** Leaves calls pending. */
export class PendingWorker extends SimpleWorker {
  protected override rejectPending(): void {
    // FAULT S10: whoever waits, waits for ever. Settle all.
    this.pending.clear();
  }
}
