/**
 * A pool that leaves tasks behind a long one.
 *
 * Fault: what was dealt to a worker stays there, however long the task before it takes and however idle the others are.
 *
 * Odds: see properties/campaign-only.ts
 */
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class KeptLongBoard extends OpenBoard {
  protected override balance(): void {
    // FAULT POOL-LONG: what lies behind a long task must go to who has nothing to do.
  }
}

export const keptLongPool: BoardSubject = subjectOf(KeptLongBoard);
