/**
 * A readers-writer lock that any thread can unlock from the writer inside.
 *
 * Fault R3. Shortest interleaving: T0 lockExclusive; T1 unlockExclusive; T1 lockShared: writer and reader are inside together.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorRwLock } from './rwlock-monitor.ts';

/** As MonitorRwLock, but for the fault. */
export class UnownedUnlockRwLock extends MonitorRwLock {
  protected override checkExclusive(): void {
    // FAULT R3: only the writer may unlock.
  }
}
