/**
 * A readers-writer lock whose readers do not care for writers that wait: as long as they overlap, no writer gets in.
 *
 * Fault R1. Shortest interleaving: T0 lockShared; T1 lockExclusive (waits); T2 lockShared, which enters; T0 unlockShared; T0 lockShared, and so on for ever.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock, STATE, WRITER } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class StarvedWriterRwLock extends MonitorRwLock {
  protected override openToReaders(): boolean {
    // FAULT R1: a writer that waits must keep new readers out.
    return this.get(STATE) < WRITER;
  }
}
