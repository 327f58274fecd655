/** Where the words of a task board lie. Shared by its two sides: TaskBoard (submit, deal, collect) and Seat (a worker's). */
import { wholeLines } from '../line.ts';

/** How large a board is. */
export interface BoardShape {
  /** Most tasks on the board at a time, queued, running, or settled and not yet collected: 1 to 2^20. */
  readonly capacity: number;
  /** Most workers at a time: 1 to 1024. */
  readonly seats: number;
  /** Most tasks dealt to one worker ahead of its work: a power of two, 1 to 4096. */
  readonly ring: number;
}

/** What other threads attach to a board by: a plain object that structured clone carries over. */
export interface BoardHandle extends BoardShape {
  readonly view: Int32Array<SharedArrayBuffer>;
  /** The board's first cell in the view. */
  readonly index: number;
}

// Cells from the index on:
//    0 shape     capacity, seats, ring; constant after create
//   16 mutex     guards all words of the two next lines, and those of seats and slots that say so
//   32 counts    see below
//   48 lists     see below
//   64 events    event count of those who wait for settled tasks
//   80 seats     each: 3 lines and two rings
//   .. slots     each: 2 lines
export const SHAPE = 0;
export const MUTEX = 16;
export const EVENTS = 64;
export const SEATS = 80;

// Counts, since create, modulo 2^32. Invariant, whenever the mutex is free:
// submitted = completed + failed + cancelled + rejected + pending.
export const SUBMITTED = 32;
export const COMPLETED = 33;
export const FAILED = 34;
/** Those of the failed whose worker died. */
export const CRASHED = 35;
export const CANCELLED = 36;
export const REJECTED = 37;
export const PENDING = 38;
/** In the queue, that is, neither dealt nor settled. */
export const WAITING = 39;
/** Slots that are not free. */
export const USED = 40;
export const IS_CLOSED = 41;
/** Times that a task went back to the queue because its worker had died in it. */
export const REPEATED = 42;

// Lists of slots, linked by number + 1 (0 is the end), and the numbers that only grow.
export const FREE_SLOTS = 48;
/** Slots from this number on were never used. */
export const FRESH_SLOT = 49;
export const NEXT_ID = 51;
/** Settled by the death of a worker, to be collected. */
export const LOST_SLOTS = 52;
/** The first and the last of the queue of each priority. */
export const QUEUES = 54;
export const PRIORITIES = 3;

// A seat, in cells from its first. The first line is written by the board's side only.
//   0 dealt      tasks that were ever put in the ring. Partner: the worker's claim.
//   1 presence   absent, present, or leaving: what the worker leaves by
//   2 assigned   dealt and neither collected nor taken back; under the mutex
//   3 collected  under the mutex
// The second line is written by the worker only.
//  16 taken      entries of the ring that it is through with
//  17 done       tasks that it has finished. Partner: the board's collect.
//  18 blocked    1 while its task waits for another thread
//  19 mailed     messages that it has sent beside the board
//  20 running    1 + slot of the task that it is in, or 0; says where to look, decides nothing
// The third line is the event count that the worker sleeps on.
//  48 ring       { slot, its word when dealt } of what was dealt; an entry is void once the slot has another word
//  .. finished   slots of what was done
export const DEALT = 0;
export const PRESENCE = 1;
export const ASSIGNED = 2;
export const COLLECTED = 3;
export const TAKEN = 16;
export const DONE = 17;
export const BLOCKED = 18;
export const MAILED = 19;
export const RUNNING_SLOT = 20;
export const BELL = 32;
export const RING = 48;

export const ABSENT = 0;
export const PRESENT = 1;
export const LEAVING = 2;

// A slot, in cells from its first:
//   0 word      { ticket: bits 4 to 31, state: bits 0 to 3 }
//   1 seat      1 + seat it is dealt to, 0 while in the queue; under the mutex, as are the next five
//   2 next, 3 previous   in the list it is in
//   4 id        of the task
//   5 priority
//   6 repeats   how often it may run again when its worker dies in it; or PINNED: it may run on its seat only, once
//   7 cancel    1 when the task is asked to end
//   8 payload
// The ticket grows each time the slot is dealt, taken back or freed: so the compare-exchange of a worker succeeds for the
// last deal only, whatever old entries are in its ring. (It wraps after 2^28.)
export const WORD = 0;
export const SEAT = 1;
export const NEXT = 2;
export const PREVIOUS = 3;
export const ID = 4;
export const PRIORITY = 5;
export const REPEATS = 6;
export const CANCEL = 7;
export const PAYLOAD = 8;
export const PAYLOAD_CELLS = 24;
export const SLOT_CELLS = 32;

export const PINNED = -1;

export const STATE_MASK = 15;
/** What the word grows by when the ticket does. */
export const TICKET = 16;

/** States of a slot. */
export const state = {
  free: 0,
  /** In the queue, or dealt and not claimed. */
  queued: 1,
  /** Claimed by its worker. */
  running: 2,
  completed: 3,
  failed: 4,
  /** Cancelled, counted as that, and its worker is still in it. */
  cancelling: 5,
  /** Its worker has left a cancelled one. */
  ended: 6,
  /** Its worker died in it. */
  crashed: 7,
} as const;

export function seatCells(ring: number): number {
  return RING + wholeLines(2 * ring) + wholeLines(ring);
}

/** The first cell of a seat, from the board's first. */
export function seatAt(shape: BoardShape, seat: number): number {
  return SEATS + seat * seatCells(shape.ring);
}

export function slotAt(shape: BoardShape, slot: number): number {
  return SEATS + shape.seats * seatCells(shape.ring) + slot * SLOT_CELLS;
}

/** The first cell of the list of finished tasks, from the seat's first. */
export function finishedAt(ring: number): number {
  return RING + wholeLines(2 * ring);
}

export function boardCells(shape: BoardShape): number {
  return slotAt(shape, shape.capacity);
}

/** Throws RangeError when a number of the shape is out of range. */
export function checkShape({ capacity, seats, ring }: BoardShape): void {
  const check = (what: string, value: number, most: number): void => {
    if (Number.isInteger(value) && value >= 1 && value <= most) return;
    throw new RangeError(`the ${what} of a TaskBoard is an integer from 1 to ${most}, got ${value}`);
  };
  check('capacity', capacity, 2 ** 20);
  check('number of seats', seats, 1024);
  check('ring', ring, 4096);
  if ((ring & (ring - 1)) !== 0)
    throw new RangeError(`the ring of a TaskBoard is a power of two, got ${ring}: positions are masked`);
}
