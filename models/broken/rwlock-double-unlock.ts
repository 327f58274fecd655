/**
 * A readers-writer lock whose readers can unlock more often than they locked: the state becomes "held by nobody".
 *
 * Fault R2. Shortest interleaving: T0 lockShared; T0 unlockShared; T0 unlockShared, which makes the count -1.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class DoubleUnlockRwLock extends MonitorRwLock {
  protected override checkShared(): void {
    // FAULT R2: only who holds a share may give it back.
  }
}
