/**
 * A channel on which any pong settles every ping.
 *
 * Fault S1: a worker that answers 1 of 100 pings shows 0 errors.
 *
 * Odds: see properties/broken.ts
 */
import { type Answer, type SimpleCall, SimpleWorker } from './simple-worker.ts';

/** One pong is enough for all pings. */
export class AnyPongWorker extends SimpleWorker {
  protected override belongs(answer: Answer, call: SimpleCall): boolean {
    // FAULT S1: the pong may be that of another ping. Compare the numbers.
    if (answer.type === 'pong') return call.kind === 'ping';
    return super.belongs(answer, call);
  }
}
