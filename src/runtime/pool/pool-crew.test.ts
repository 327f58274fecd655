import { expect, it } from 'vitest';
import { retireIdle } from './pool-crew.ts';
import type { PoolMember } from './pool-member.ts';
import { TaskBoard } from './task-board.ts';

it('W-14: idle workers leave down to the minimum, one that is on its way counted out', () => {
  const shape = { capacity: 4, seats: 3, ring: 2 };
  const board = TaskBoard.create(new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(shape))), 0, shape);
  const members = Array.from({ length: 3 }, () => {
    board.enlist();
    return { tasks: 0, tasksSeen: 0 } as PoolMember;
  });
  const staying = (): boolean[] => members.map((_, seat) => board.isStaying(seat));
  board.submitTo(0, new Int32Array(1));
  members[1]!.tasks = 1; // three
  retireIdle(board, members, 1);
  expect(staying()).toEqual([true, true, false]);
  // The third is slow to leave. That is no reason to have another one go.
  retireIdle(board, members, 2);
  expect(staying()).toEqual([true, true, false]);
  retireIdle(board, members, 1);
  expect(staying()).toEqual([true, false, false]);
});
