/**
 * A pool that runs everything again that a dead worker had not handed in.
 *
 * Fault P19: a task that has completed, and whose end nobody has heard of yet, runs once more.
 *
 * Odds: see properties/broken.ts
 */
import { STATE_MASK, state, WORD } from '../../src/runtime/pool/board-layout.ts';
import type { Renew } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class CompletedAgainBoard extends OpenBoard {
  protected override reapSlot(slot: number, renew: Renew): void {
    const ended = this.ofSlot(slot, WORD) & STATE_MASK;
    // FAULT P19: its end is in shared memory. Hand that in.
    if (ended === state.completed && this.mayRepeat(slot)) this.repeat(slot, renew);
    else super.reapSlot(slot, renew);
  }
}

export const completedAgainPool: BoardSubject = subjectOf(CompletedAgainBoard);
