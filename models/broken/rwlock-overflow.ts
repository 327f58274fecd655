/**
 * A readers-writer lock whose count of readers runs over into the bit of the writer.
 *
 * Fault R6. Shortest interleaving: 127 threads lockShared; T0 lockShared: a writer is inside, and nobody is it.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class OverflowRwLock extends MonitorRwLock {
  protected override checkRoom(): void {
    // FAULT R6: the 128th reader must be refused.
  }
}
