/**
 * A readers-writer lock whose writer wakes the others before the lock is free.
 *
 * Fault R9. Shortest interleaving: T0 lockExclusive; T1 lockShared (sleeps); T0 unlockExclusive: notify; T1 wakes, finds a writer inside, sleeps; T0 leaves.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class EarlyNotifyRwLock extends MonitorRwLock {
  override unlockExclusive(): void {
    this.checkExclusive();
    // FAULT R9: who wakes now finds the lock held and sleeps again. The end of the writer must come first.
    this.wakeAfterWriter();
    this.monitor.lock();
    this.endWriter(0);
    this.monitor.unlock();
  }
}
