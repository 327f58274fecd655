/** The task board and its seats, step by step on one thread. What threads do to each other there is proven by pool-accounting, pool-races and pool-stuck. */
import { describe, expect, it } from 'vitest';
import { checkCounts } from '../../../models/pool.ts';
import { AlignmentError, BoundsError, NotCreatedError } from '../errors.ts';
import type { BoardShape } from './board-layout.ts';
import { CLOSED, FULL } from './board-state.ts';
import { Seat } from './seat.ts';
import { TaskBoard } from './task-board.ts';

const small: BoardShape = { capacity: 8, seats: 3, ring: 4 };

/** A board, so many workers at it, and what they do. */
function oneBoard(workers: number, shape: BoardShape = small) {
  const view = new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(shape)));
  const board = TaskBoard.create(view, 0, shape, 1);
  const seats = Array.from({ length: workers }, () => new Seat(board.handle, board.enlist()));
  const submit = (name: number, priority = 1, repeats = 0): number =>
    board.submit(new Int32Array([name]), priority, repeats);
  /** The name of the task that a worker claims next; undefined when there is none. */
  const claim = (seat: Seat): { slot: number; name: number } | undefined => {
    const slot = seat.claim();
    return slot < 0 ? undefined : { slot, name: view[seat.payloadOf(slot)]! }; // of the board
  };
  const work = (seat: Seat, completed = true): number | undefined => {
    const claimed = claim(seat);
    if (claimed === undefined) return undefined;
    seat.finish(claimed.slot, completed);
    seat.publish();
    return claimed.name;
  };
  /** What has settled, by name and outcome. */
  const settled = (): string[] => {
    const all: string[] = [];
    for (let slot = board.collect(); slot >= 0; slot = board.collect()) {
      all.push(`${view[board.payloadOf(slot)]} ${board.outcomeOf(slot)}`);
      board.release(slot);
    }
    expect(checkCounts(board.account())).toBeUndefined();
    return all;
  };
  return { view, board, seats, submit, claim, work, settled };
}

describe('W-13: a board', () => {
  it('deals by priority, then in order; a task has an id, is counted, and gives its slot back', () => {
    const { board, seats, submit, work, settled } = oneBoard(1);
    const [seat] = seats as [Seat];
    const ids = [[10, 2] as const, [11, 1] as const, [12, 1] as const, [13, 0] as const].map(
      ([name, priority]) => {
        submit(name, priority);
        return board.lastId;
      },
    );
    expect(ids).toEqual([0, 1, 2, 3]);
    expect(board.seats()).toEqual(['idle', 'absent', 'absent']);
    expect([seat.hasMore(), work(seat)]).toEqual([false, undefined]);
    board.deal(9);
    expect([board.seats()[0], seat.hasMore()]).toEqual(['busy', true]);
    expect([work(seat), work(seat), work(seat, false), work(seat), work(seat)]).toEqual([
      13,
      11,
      12,
      10,
      undefined,
    ]);
    expect(board.used()).toBe(4);
    expect(settled()).toEqual(['13 completed', '11 completed', '12 failed', '10 completed']);
    expect([board.used(), board.seats()[0]]).toEqual([0, 'idle']);
    expect(board.account()).toEqual({
      submitted: 4,
      completed: 3,
      failed: 1,
      crashed: 0,
      cancelled: 0,
      rejected: 0,
      pending: 0,
      waiting: 0,
      repeated: 0,
    });
  });

  it('deals even shares, at most so many, and no more than a ring has room for', () => {
    const { board, seats, submit, work, settled } = oneBoard(2, { capacity: 32, seats: 2, ring: 4 });
    for (let name = 0; name < 14; name += 1) submit(name);
    board.deal(2);
    expect(board.account().waiting).toBe(10);
    board.deal(9);
    expect(board.account().waiting).toBe(6);
    board.deal(9);
    expect(board.account().waiting).toBe(6);
    const [first, second] = seats as [Seat, Seat];
    expect([work(first), work(first), work(second)]).toEqual([0, 1, 2]);
    board.deal(9); // what is done is in the ring until it was collected
    expect(board.account().waiting).toBe(6);
    expect(settled()).toHaveLength(3);
    board.deal(9);
    expect(board.account().waiting).toBe(3);
  });

  it('counts what workers have; wakes nobody for less than is worth it; deals anew what lies behind while another has nothing', () => {
    const { board, seats, submit, claim, work } = oneBoard(2, { capacity: 8, seats: 2, ring: 8 });
    const [first, second] = seats as [Seat, Seat];
    for (let name = 0; name < 5; name += 1) submit(name);
    for (let turn = 0; turn < 2; turn += 1) {
      board.deal(8, 8);
      expect(board.seats()).toEqual(['busy', 'idle']);
      if (turn === 0) claim(first);
    }
    board.deal(8);
    expect([work(second), work(second), work(second)]).toEqual([3, 4, undefined]);
    expect([work(first), work(first), work(first)]).toEqual([1, 2, undefined]);
  });

  it('refuses what it has no room for, and everything once it is closed; what was taken still runs; then its workers leave', () => {
    const { board, seats, submit, work, settled } = oneBoard(1, { capacity: 2, seats: 2, ring: 2 });
    const [seat] = seats as [Seat];
    expect([submit(1), submit(2), board.hasRoom(), submit(3)]).toEqual([0, 1, false, FULL]);
    expect([board.close(), board.close(), submit(4), board.isDrained()]).toEqual([
      true,
      false,
      CLOSED,
      false,
    ]);
    board.deal(9);
    expect([work(seat), seat.isLeaving(), work(seat), settled().length]).toEqual([1, false, 2, 2]);
    expect([seat.isLeaving(), seat.take(), board.isDrained(), board.collectBlocking()]).toEqual([
      true,
      -1,
      true,
      -1,
    ]);
    const late = new Seat(board.handle, board.enlist());
    expect([late.isLeaving(), board.enlist()]).toEqual([true, -1]);
    expect(board.account()).toMatchObject({ submitted: 4, completed: 2, rejected: 2 });
    board.reap(seat.number);
    expect(board.seats()[0]).toBe('absent');
  });
});

describe('W-14: a board', () => {
  it('cancels what is queued, dealt, running; and comes too late', () => {
    const { board, seats, submit, claim, work, settled } = oneBoard(1);
    const [seat] = seats as [Seat];
    const slots = [1, 2, 3].map((name) => submit(name));
    board.deal(2);
    const running = claim(seat)!; // two were dealt
    expect([0, 1, 2].map((id) => board.seatOf(slots[id]!, id))).toEqual([0, 0, -1]); // three
    expect([board.isRunning(running.slot, 0), seat.isCancelled(running.slot)]).toEqual([true, false]);
    expect([2, 1, 0].map((id) => board.cancel(slots[id]!, id))).toEqual(['removed', 'removed', 'requested']);
    expect([board.cancel(slots[0]!, 0), board.cancel(slots[0]!, 7)]).toEqual(['late', 'late']); // three
    expect([seat.isCancelled(running.slot), board.used(), board.account().cancelled]).toEqual([true, 1, 3]);
    expect([seat.finish(running.slot, true), work(seat)]).toEqual([false, undefined]);
    seat.publish();
    const { passedOver } = board;
    expect([settled(), board.passedOver - passedOver, board.used()]).toEqual([[], 1, 0]);
    // To ask is not to cancel: how it ends decides.
    const asked = submit(4);
    board.deal(1);
    claim(seat);
    board.ask(asked, 99);
    expect(seat.isCancelled(asked)).toBe(false);
    board.ask(asked, board.lastId);
    expect([seat.isCancelled(asked), seat.finish(asked, true)]).toEqual([true, true]);
    seat.publish();
    expect(settled()).toEqual(['4 completed']);
  });

  it('takes back what was not claimed, to the head of the queue, in its order', () => {
    const { board, seats, submit, work } = oneBoard(2);
    const [first, second] = seats as [Seat, Seat];
    for (let name = 1; name <= 4; name += 1) submit(name);
    board.deal(2);
    expect([work(first), board.takeBack(first.number), board.takeBack(second.number)]).toEqual([1, 1, 2]);
    expect([work(first), work(second), board.account().waiting]).toEqual([undefined, undefined, 3]);
    submit(5);
    board.retire(first.number);
    board.deal(9);
    expect(first.isLeaving()).toBe(true);
    expect([work(second), work(second), work(second), work(second)]).toEqual([3, 4, 2, 5]);
  });

  it('a worker that died: what it finished is settled, the task that it was in has failed, the rest runs elsewhere', () => {
    const { board, seats, submit, claim, work, settled } = oneBoard(2);
    const [dead, other] = seats as [Seat, Seat];
    for (let name = 1; name <= 4; name += 1) submit(name);
    board.retire(other.number);
    board.deal(4);
    expect(work(dead)).toBe(1);
    const unpublished = claim(dead)!; // four were dealt
    dead.finish(unpublished.slot, false);
    claim(dead);
    board.reap(dead.number);
    board.reap(dead.number);
    expect(settled().sort()).toEqual(['1 completed', '2 failed', '3 crashed']);
    expect(board.account()).toMatchObject({ completed: 1, failed: 2, crashed: 1, pending: 1, waiting: 1 });
    const next = new Seat(board.handle, board.enlist());
    expect(next.number).toBe(dead.number);
    board.deal(9);
    expect(work(next)).toBe(4);
  });

  it('pinned tasks go past the queue to their worker, stay there, and fail with it', () => {
    const { board, seats, submit, work, claim, settled } = oneBoard(1, { capacity: 8, seats: 2, ring: 4 });
    const [seat] = seats as [Seat];
    submit(1);
    const pinned = (name: number, to = seat.number): number => board.submitTo(to, new Int32Array([name]));
    expect([pinned(10), pinned(11), pinned(12)].every((slot) => slot >= 0)).toBe(true);
    expect([pinned(13), pinned(14), pinned(15, 1)]).toEqual([4, FULL, CLOSED]);
    expect(board.takeBack(seat.number)).toBe(0);
    expect(work(seat)).toBe(10);
    expect(claim(seat)?.name).toBe(11);
    board.reap(seat.number);
    expect(settled().sort()).toEqual(['10 completed', '11 crashed', '12 crashed', '13 crashed']);
    expect(board.account()).toMatchObject({ pending: 1, waiting: 1, rejected: 2, crashed: 3 });
  });

  it('what may run again goes back to the queue with its payload as new, and is counted once', () => {
    const { view, board, submit, claim, settled } = oneBoard(0);
    const slot = submit(7, 1, 2);
    const renewed: number[] = [];
    for (let death = 0; death < 3; death += 1) {
      const seat = new Seat(board.handle, board.enlist());
      board.deal(1);
      expect(claim(seat)).toEqual({ slot, name: 7 });
      view[board.payloadOf(slot)] = 99;
      board.reap(seat.number, (renewing) => {
        renewed.push(renewing);
        return new Int32Array([7]);
      });
      expect(board.account()).toMatchObject({ repeated: Math.min(death + 1, 2), pending: 1 });
    }
    expect([renewed, settled()]).toEqual([[slot, slot], ['99 crashed']]);
    expect(board.account()).toMatchObject({ submitted: 1, failed: 1, crashed: 1, repeated: 2, pending: 0 });
    // One that was asked to end, and cancelled, does not come again.
    const cancelled = submit(8, 1, 2);
    const seat = new Seat(board.handle, board.enlist());
    board.deal(1);
    claim(seat);
    expect(board.cancel(cancelled, board.lastId)).toBe('requested');
    board.reap(seat.number);
    expect([settled(), board.used(), board.account().cancelled]).toEqual([[], 0, 1]);
  });

  it('is stuck when tasks wait and every worker has said that its task waits; what lies behind those goes to others', () => {
    const { board, seats, submit, claim, work } = oneBoard(2);
    const [first, second] = seats as [Seat, Seat];
    for (let name = 1; name <= 4; name += 1) submit(name);
    board.deal(2);
    claim(first);
    first.setBlocked(true);
    expect(board.isStuck()).toBe(false);
    board.deal(9);
    expect([work(second), work(second), work(second)]).toEqual([3, 4, 2]);
    submit(5);
    board.deal(9);
    claim(second);
    submit(6);
    second.setBlocked(true);
    expect(board.isStuck()).toBe(true);
    second.setBlocked(false);
    expect(board.isStuck()).toBe(false);
    // A worker that is to leave after its task leaves no sooner than that.
    board.retire(first.number);
    board.retire(second.number);
    expect(board.isStuck()).toBe(false);
    second.setBlocked(true);
    expect(board.isStuck()).toBe(true);
  });

  it('counts messages beside the board, and wakes who sleeps', () => {
    const { board, seats } = oneBoard(1);
    const [seat] = seats as [Seat];
    const epoch = board.announceSleep();
    seat.mailed();
    expect([board.mailedBy(seat.number), Atomics.load(seat.view, board.eventCell) === epoch]).toEqual([
      1,
      false,
    ]);
    board.endSleep();
    const bell = seat.announceSleep();
    board.submitTo(seat.number, new Int32Array(1));
    expect(Atomics.load(seat.view, seat.bellCell) === bell).toBe(false);
    seat.endSleep();
  });

  it('says what is wrong with shapes, places and seats', () => {
    const view = new Int32Array(new SharedArrayBuffer(4 * TaskBoard.cells(small)));
    for (const [shape, message] of [
      [{ ...small, capacity: 0 }, 'the capacity of a TaskBoard is an integer from 1 to 1048576, got 0'],
      [
        { ...small, seats: 1025 },
        'the number of seats of a TaskBoard is an integer from 1 to 1024, got 1025',
      ],
      [{ ...small, ring: 3 }, 'the ring of a TaskBoard is a power of two, got 3'],
    ] as const)
      expect(() => TaskBoard.create(view, 0, shape)).toThrow(new RegExp(`^${message}`));
    expect(() => TaskBoard.create(view, 1, small)).toThrow(BoundsError);
    const wide = new Int32Array(new SharedArrayBuffer(4 * (TaskBoard.cells(small) + 1)));
    expect(() => TaskBoard.create(wide, 1, small)).toThrow(AlignmentError);
    expect(() => TaskBoard.attach({ view, index: 0, ...small })).toThrow(NotCreatedError);
    const { board } = oneBoard(0);
    for (const call of [
      () => board.submitTo(3, new Int32Array(1)),
      () => board.takeBack(-1),
      () => board.retire(3),
      () => board.reap(0.5),
    ])
      expect(call).toThrow(/^the seats of this TaskBoard are 0 to 2, got /);
    expect(TaskBoard.attach(board.handle, 2).account().submitted).toBe(0);
  });
});
