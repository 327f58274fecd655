/**
 * A pool whose workers claim by a look and a store.
 *
 * Fault: a task is taken back between the two, and runs on two workers; or is cancelled, and runs.
 *
 * Odds: see properties/broken.ts
 */
import { Seat } from '../../src/runtime/pool/seat.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class ClaimedTwiceSeat extends Seat {
  protected override claimSlot(word: number, queued: number): boolean {
    // FAULT P15: one compare-exchange, or the task may go to somebody else in between.
    if (Atomics.load(this.view, word) !== queued) return false;
    // It announces what it does first; so much may happen meanwhile.
    this.setBlocked(false);
    this.publish();
    Atomics.store(this.view, word, queued + 1);
    return true;
  }
}

export const claimedTwicePool: BoardSubject = subjectOf(OpenBoard, ClaimedTwiceSeat);
