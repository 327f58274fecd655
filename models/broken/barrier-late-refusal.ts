/**
 * A sound barrier with limits and abort, that looks at the limit after it has counted the thread in.
 *
 * Fault B6. Shortest interleaving: T0 wait(-1) is counted, and throws; T1 wait() is the second of 2 parties, and passes alone.
 *
 * Odds: see properties/broken.ts
 */
import { MonitorBarrier } from './barrier-monitor.ts';

/** As MonitorBarrier, but for the fault. */
export class LateRefusalBarrier extends MonitorBarrier {
  override wait(limitMs: number = Infinity): 'leader' | 'follower' {
    const generation = this.arrive();
    // FAULT B6: the limit must be checked before the arrival, or the arrival be taken back.
    this.checkLimit(limitMs);
    return generation === 'leader' ? 'leader' : this.follow(generation, limitMs);
  }
}
