/**
 * A pool whose workers finish by a look and a store.
 *
 * Fault: a task is cancelled between the two, and settles as cancelled and as completed.
 *
 * Odds: see properties/broken.ts
 */
import { Seat } from '../../src/runtime/pool/seat.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class LateFinishSeat extends Seat {
  protected override settleSlot(word: number, before: number, after: number): boolean {
    // FAULT P16: one compare-exchange, or a cancellation may come in between.
    this.setBlocked(false);
    this.publish();
    this.setBlocked(false);
    this.publish();
    Atomics.store(this.view, word, after);
    return before !== after;
  }
}

export const lateFinishPool: BoardSubject = subjectOf(OpenBoard, LateFinishSeat);
