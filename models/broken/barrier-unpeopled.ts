/**
 * A sound barrier that does not look at the number of its parties.
 *
 * Fault B4: a barrier of 0 parties is accepted. No arrival is ever the last of none, so everybody waits for ever.
 *
 * Odds: see properties/broken.ts
 */
import { initialise, MonitorBarrier } from './barrier-monitor.ts';

type View = Int32Array<SharedArrayBuffer>;

/** As MonitorBarrier, but for the fault. */
export class UnpeopledBarrier extends MonitorBarrier {
  static override create(view: View, index: number, parties: number, owner: number = 63): MonitorBarrier {
    // FAULT B4: 0 (and -1, and 1.5) must be refused.
    initialise(view, index, parties);
    return new UnpeopledBarrier(view, index, owner);
  }
}
