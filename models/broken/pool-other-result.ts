/**
 * A pool whose scan of results takes the newest instead of the next.
 *
 * Fault P6: a scan consumes another task's result; that one is waited for in vain.
 *
 * Odds: see properties/broken.ts
 */
import { COLLECTED, DONE } from '../../src/runtime/pool/board-layout.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class OtherResultBoard extends OpenBoard {
  protected override nextOf(seat: number): number {
    const cell = this.seatCell(seat);
    const done = Atomics.load(this.view, cell + DONE);
    // FAULT P6: the newest result; those before it are passed over.
    if (done !== this.ofSeat(seat, COLLECTED)) this.view[cell + COLLECTED] = done - 1;
    return super.nextOf(seat);
  }
}

export const otherResultPool: BoardSubject = subjectOf(OtherResultBoard);
