/**
 * A pool in which a task may run again for ever.
 *
 * Fault P20: a task that kills its worker each time kills all of them.
 *
 * Odds: see properties/broken.ts
 */
import { REPEATS } from '../../src/runtime/pool/board-layout.ts';
import type { Renew } from '../../src/runtime/pool/board-state.ts';
import { type BoardSubject, OpenBoard, subjectOf } from './pool-subject.ts';

class AlwaysAgainBoard extends OpenBoard {
  protected override repeat(slot: number, renew: Renew): void {
    const repeats = this.ofSlot(slot, REPEATS);
    super.repeat(slot, renew);
    // FAULT P20: one less each time.
    this.setSlot(slot, REPEATS, repeats);
  }
}

export const alwaysAgainPool: BoardSubject = subjectOf(AlwaysAgainBoard);
