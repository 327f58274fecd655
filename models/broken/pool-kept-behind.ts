/**
 * A pool that leaves tasks behind a task that waits for them.
 *
 * Fault P14: a task waits for a task queued behind it on the same worker; nobody says so, and both hang.
 *
 * Odds: see properties/broken.ts
 */
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class KeptBehindBoard extends OpenBoard {
  protected override unblock(): void {
    // FAULT P14: what lies behind a waiting task is what it may wait for. Take it back.
  }
}

export const keptBehindPool: BoardSubject = subjectOf(KeptBehindBoard);
