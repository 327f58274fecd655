/**
 * A pool that counts a worker as idle twice.
 *
 * Fault P1: when a task is collected, its worker is counted idle for it twice. It seems idle while it is busy, more is dealt to it than its ring of
 * results holds, and results are lost.
 *
 * Odds: see properties/broken.ts
 */
import { ASSIGNED } from '../../src/runtime/pool/board-layout.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class IdleTwiceBoard extends OpenBoard {
  protected override nextOf(seat: number): number {
    const slot = super.nextOf(seat);
    // FAULT P1: it was counted by the collection itself.
    if (slot >= 0) this.view[this.seatCell(seat) + ASSIGNED] = this.ofSeat(seat, ASSIGNED) - 1;
    return slot;
  }
}

export const idleTwicePool: BoardSubject = subjectOf(IdleTwiceBoard);
