/**
 * A pool in which only tasks that complete give their worker back.
 *
 * Fault P4: a pool of one is dead after one failing task.
 *
 * Odds: see properties/broken.ts
 */
import { WORD } from '../../src/runtime/pool/board-layout.ts';
import { Seat } from '../../src/runtime/pool/seat.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class LostWorkerSeat extends Seat {
  override finish(slot: number, completed: boolean): boolean {
    if (completed) return super.finish(slot, completed);
    const word = this.slotCell(slot) + WORD;
    const before = Atomics.load(this.view, word);
    // FAULT P4: nobody hears of it.
    return this.settleSlot(word, before, before + 2);
  }
}

export const lostWorkerPool: BoardSubject = subjectOf(OpenBoard, LostWorkerSeat);
