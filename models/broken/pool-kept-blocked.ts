/**
 * A pool that forgets that a task waits no more.
 *
 * Fault: a worker whose task has waited for others once is taken for blocked from then on: nothing is dealt to it any more, and when all have
 * met at a barrier the pool is dead.
 *
 * Odds: see properties/campaign-only.ts
 */
import { Seat } from '../../src/runtime/pool/seat.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class KeptBlockedSeat extends Seat {
  override setBlocked(blocked: boolean): void {
    // FAULT POOL-BLOCKED: it goes on, and must be open again.
    if (blocked) super.setBlocked(blocked);
  }
}

export const keptBlockedPool: BoardSubject = subjectOf(OpenBoard, KeptBlockedSeat);
