import { describe, expect, it } from 'vitest';
import { Lookout } from './lookout.ts';
import { systemPlatform } from './platform.ts';
import { Seat } from './seat.ts';
import { TaskBoard } from './task-board.ts';

describe('Lookout', () => {
  it('attends to what a worker said between its last look and its sleep', async () => {
    const shape = { capacity: 4, seats: 1, ring: 2 };
    const view = new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(shape)));
    const board = TaskBoard.create(view, 0, shape);
    const seat = new Seat(board.handle, board.enlist());
    board.submit(new Int32Array([1]), 1);
    board.submit(new Int32Array([2]), 1);
    board.deal(2);
    seat.claim();
    let looks = 0;
    const stuck = await new Promise<boolean>((resolve) => {
      const lookout = new Lookout(board, view, 0, systemPlatform(), {
        collect: () => {
          looks += 1;
          // Nobody sleeps yet, so nobody is woken.
          if (looks === 1) seat.setBlocked(true);
          else setImmediate(() => resolve(false));
          return false;
        },
        onChange: () => undefined,
        attend: () => resolve(board.isStuck()),
        isBusy: () => false,
        isNeeded: () => false,
      });
      lookout.look();
    });
    expect([stuck, looks]).toEqual([true, 2]);
    board.wake();
  });
});
