/**
 * A channel that knows requests by their handler, as if there were one at a time.
 *
 * Fault S7: the late result of attempt 1 settles attempt 2.
 *
 * Odds: see properties/broken.ts
 */
import { type Answer, type SimpleCall, SimpleWorker } from './simple-worker.ts';

/** Takes an old result for the new one. */
export class LateResultWorker extends SimpleWorker {
  protected override belongs(answer: Answer, call: SimpleCall): boolean {
    // FAULT S7: the answer may be that of an earlier request. Compare the numbers.
    return (answer.type === 'pong') === (call.kind === 'ping');
  }
}
