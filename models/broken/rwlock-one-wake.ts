/**
 * A readers-writer lock whose writer wakes one of the readers that it lets in, and each of them the next when it leaves. Nobody waits for ever,
 * but no two readers that waited are ever inside together.
 *
 * Fault R8. Shortest interleaving: T0 lockExclusive; T1 lockShared, T2 lockShared (both sleep); T0 unlockExclusive wakes T1; T2 sleeps until T1 unlocks.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock, READERS_TURN, WRITERS_TURN } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class OneWakeRwLock extends MonitorRwLock {
  protected override wakeAfterWriter(): void {
    // FAULT R8: all readers were admitted, and all must wake.
    this.notify(READERS_TURN, 1);
    this.notify(WRITERS_TURN, Infinity);
  }

  protected override wakeAfterReader(): void {
    this.notify(READERS_TURN, 1);
    this.notify(WRITERS_TURN, Infinity);
  }
}
