/** Makes subjects of boards and seats that are the production ones but for one method: so each twin has one fault. */
import type { BoardHandle, BoardShape } from '../../src/runtime/pool/board-layout.ts';
import { Seat } from '../../src/runtime/pool/seat.ts';
import { TaskBoard } from '../../src/runtime/pool/task-board.ts';

type View = Int32Array<SharedArrayBuffer>;

export interface BoardSubject {
  create(view: View, index: number, shape: BoardShape, owner: number): TaskBoard;
  attach(handle: BoardHandle, owner: number): TaskBoard;
  seat(handle: BoardHandle, number: number): Seat;
}

/** A board whose constructor is open to subclasses elsewhere. */
export class OpenBoard extends TaskBoard {
  constructor(handle: BoardHandle, owner: number) {
    super(handle, owner);
  }
}

export function subjectOf(
  Board: new (handle: BoardHandle, owner: number) => TaskBoard,
  Place: new (handle: BoardHandle, number: number) => Seat = Seat,
): BoardSubject {
  return {
    create: (view, index, shape, owner) => {
      TaskBoard.create(view, index, shape, owner);
      return new Board({ view, index, ...shape }, owner);
    },
    attach: (handle, owner) => new Board(handle, owner),
    seat: (handle, number) => new Place(handle, number),
  };
}
