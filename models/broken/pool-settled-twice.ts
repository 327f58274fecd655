/**
 * A pool in which a task that was waited for still belongs to its worker.
 *
 * Fault P3: who collected a task and has not released it yet gets it again when the worker dies.
 *
 * Odds: see properties/broken.ts
 */
import { SEAT } from '../../src/runtime/pool/board-layout.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class SettledTwiceBoard extends OpenBoard {
  protected override nextOf(seat: number): number {
    const slot = super.nextOf(seat);
    // FAULT P3: the task is settled; take it off its worker.
    if (slot >= 0) this.setSlot(slot, SEAT, seat + 1);
    return slot;
  }
}

export const settledTwicePool: BoardSubject = subjectOf(SettledTwiceBoard);
