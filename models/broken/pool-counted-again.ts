/**
 * A pool that counts the end of a run although the task runs again.
 *
 * Fault P18: one failure is counted for a task that completes in the end.
 *
 * Odds: see properties/broken.ts
 */
import { FAILED } from '../../src/runtime/pool/board-layout.ts';
import type { Renew } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class CountedAgainBoard extends OpenBoard {
  protected override repeat(slot: number, renew: Renew): void {
    // FAULT P18: the task is pending still.
    this.count(FAILED, 1);
    super.repeat(slot, renew);
  }
}

export const countedAgainPool: BoardSubject = subjectOf(CountedAgainBoard);
