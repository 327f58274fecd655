/**
 * A readers-writer lock whose waiters are not told that the writer inside has died.
 *
 * Fault R5. Shortest interleaving: T0 lockExclusive, and dies; T1 lockShared (sleeps); poison(T0). T1 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class SilentDeathRwLock extends MonitorRwLock {
  protected override wakeAfterDeath(): void {
    // FAULT R5: everybody who waits must wake, and be refused.
  }
}
