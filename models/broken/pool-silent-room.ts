/**
 * A pool whose workers say nothing of the room that entries leave which were taken back.
 *
 * Fault: the ring of the only worker is full of entries that were taken back; nothing can be dealt. The worker passes them over and sleeps; the
 * tasks wait for ever. (Found by pool-accounting in the pool itself.)
 *
 * Odds: see properties/broken.ts
 */
import { Seat } from '../../src/runtime/pool/seat.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class SilentRoomSeat extends Seat {
  protected override passedOver(): void {
    // FAULT P17: somebody waits for that room.
  }
}

export const silentRoomPool: BoardSubject = subjectOf(OpenBoard, SilentRoomSeat);
