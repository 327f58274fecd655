/**
 * A channel that does not notice the death of its worker once it has started.
 *
 * Fault S9: the dead worker is still "ready"; calls wait for ever.
 *
 * Odds: see properties/broken.ts
 */
import { SimpleWorker } from './simple-worker.ts';

/** Is ready when it is dead. */
export class UndeadWorker extends SimpleWorker {
  protected override markEnded(): void {
    // FAULT S9: what has ended is not ready. Set the state, whatever it was.
    if (this.state === 'starting') this.state = 'ended';
  }
}
