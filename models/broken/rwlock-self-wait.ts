/**
 * A readers-writer lock in which a reader that wants to write waits for all readers to leave, itself included.
 *
 * Fault R4. Shortest interleaving: T0 lockShared; T0 lockExclusive, which waits for T0.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class SelfWaitRwLock extends MonitorRwLock {
  protected override checkNothingHeld(): void {
    // FAULT R4: a thread that holds a share must not wait for it.
  }
}
