/**
 * A pool that gives a task its place before it looks whether it takes it.
 *
 * Fault P5: what cannot be sent keeps its place for ever.
 *
 * Odds: see properties/broken.ts
 */
import { FRESH_SLOT, USED } from '../../src/runtime/pool/board-layout.ts';
import { CLOSED } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class LeakedPlaceBoard extends OpenBoard {
  protected override refuse(why: number): number {
    // FAULT P5: the place of a refused task is not given back.
    if (why === CLOSED && this.cell(FRESH_SLOT) < this.shape.capacity) {
      this.count(FRESH_SLOT, 1);
      this.count(USED, 1);
    }
    return super.refuse(why);
  }
}

export const leakedPlacePool: BoardSubject = subjectOf(LeakedPlaceBoard);
