/**
 * A pool whose scan of what a worker leaves behind ends at the task that it died in.
 *
 * Fault P7: one crashed task, and those that were dealt to the same worker are never seen again.
 *
 * Odds: see properties/broken.ts
 */
import { RUNNING_SLOT, STATE_MASK, state, WORD } from '../../src/runtime/pool/board-layout.ts';
import type { Renew } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class AbortedScanBoard extends OpenBoard {
  protected override retrieve(seat: number): number {
    // FAULT P7: the worker was in a task when it died, so the scan goes no further. Go on with the others.
    return this.ofSeat(seat, RUNNING_SLOT) === 0 ? super.retrieve(seat) : 0;
  }

  protected override reapSlot(slot: number, renew: Renew): void {
    if ((this.ofSlot(slot, WORD) & STATE_MASK) !== state.queued) super.reapSlot(slot, renew);
  }
}

export const abortedScanPool: BoardSubject = subjectOf(AbortedScanBoard);
