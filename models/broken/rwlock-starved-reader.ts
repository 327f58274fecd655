/**
 * A readers-writer lock whose writers admit nobody when they leave: as long as they follow each other, no reader gets in.
 *
 * Fault R1R. Shortest interleaving: T0 lockExclusive; T1 lockExclusive and T2 lockShared wait; T0 unlockExclusive; T1 enters; T0 lockExclusive waits, and so on for ever.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class StarvedReaderRwLock extends MonitorRwLock {
  protected override admit(): void {
    // FAULT R1R: the readers that wait must get in before the next writer, if one waits.
  }
}
