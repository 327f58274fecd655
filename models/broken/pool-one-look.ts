/**
 * A pool that looks for an idle worker once, and refuses the task when there is none.
 *
 * Fault P2: tasks are refused while the queue has room.
 *
 * Odds: see properties/broken.ts
 */
import { ASSIGNED, PRESENCE, PRESENT } from '../../src/runtime/pool/board-layout.ts';
import { FULL } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class OneLookBoard extends OpenBoard {
  protected override admit(payload: Int32Array, priority: number, open: boolean, repeats: number): number {
    let idle = false;
    for (let seat = 0; seat < this.shape.seats; seat += 1)
      idle ||= this.ofSeat(seat, PRESENCE) === PRESENT && this.ofSeat(seat, ASSIGNED) === 0;
    // FAULT P2: a busy pool is not a full one. Queue the task.
    return idle ? super.admit(payload, priority, open, repeats) : this.refuse(FULL);
  }
}

export const oneLookPool: BoardSubject = subjectOf(OneLookBoard);
