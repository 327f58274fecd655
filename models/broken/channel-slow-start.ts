/**
 * A channel that does not look for the death of its worker while it starts.
 *
 * Fault S3: when the worker throws at load, the start rejects only after its time limit.
 *
 * Odds: see properties/broken.ts
 */
import { SimpleWorker } from './simple-worker.ts';

/** Waits for a dead worker. */
export class SlowStartWorker extends SimpleWorker {
  protected override diedAtLoad(): void {
    // FAULT S3: nobody is told before the time limit. Reject now.
  }
}
