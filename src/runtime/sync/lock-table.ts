/**
 * The shared table behind a LockGraph: who holds which lock, who waits for which, which was taken while which was held. Plain
 * reads and writes: every method must be called under the graph's mutex.
 */
import type { DeadlockedThread } from '../errors.ts';
import { NotCreatedError, TooManyThreadsError } from '../errors.ts';

// Cells: threads, locks, then
//   threads rows of { owner, waiting, held, hold[locks] }
//     owner    id of the thread, 0 while the row is unused
//     waiting  0, or { lock + 1: bits 4 to 31, timed: bit 2, mode: bits 0 to 1 } of the lock that it waits for
//     held     how many locks it holds
//     hold     for each lock, in which mode it holds it: 0, SHARED, EXCLUSIVE
//   locks rows of order[locks]: for each pair (first, second) the thread that, holding the first, asked for the second; 0 for none
const HEADER = 2;
const OWNER = 0;
const WAITING = 1;
const HELD = 2;
const HOLD = 3;
const TIMED = 4;
const MODE = 3;
const LOCK_SHIFT = 4;

export type LockMode = 1 | 2;
export const SHARED: LockMode = 1;
export const EXCLUSIVE: LockMode = 2;

/** The lock that `second` must come after, and the thread that took them so. */
export interface LockOrder {
  readonly first: number;
  readonly second: number;
  readonly thread: number;
}

export class LockTable {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  /** Sizes, once they were read. */
  #threads = 0;
  #locks = 0;

  constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  static cells(threads: number, locks: number): number {
    return HEADER + threads * (HOLD + locks) + locks * locks;
  }

  create(threads: number, locks: number): void {
    this.#view.fill(0, this.#index, this.#index + LockTable.cells(threads, locks));
    this.#view[this.#index] = threads;
    this.#view[this.#index + 1] = locks;
  }

  /** Reads the sizes. Throws NotCreatedError when there are none. */
  open(): void {
    if (this.#threads > 0) return;
    const threads = this.#view[this.#index]!; // checked by the graph, as all that lies inside the sizes
    if (threads < 1) {
      throw new NotCreatedError(
        `there is no LockGraph at index ${this.#index}: one thread must call LockGraph.create first`,
      );
    }
    this.#threads = threads;
    this.#locks = this.#view[this.#index + 1]!;
  }

  get threads(): number {
    return this.#threads;
  }

  get locks(): number {
    return this.#locks;
  }

  /** The row of a thread; that of a thread which neither holds nor waits may be taken over. */
  rowOf(owner: number): number {
    let unused = -1;
    for (let row = 0; row < this.#threads; row += 1) {
      if (this.#get(row, OWNER) === owner) return row;
      if (unused === -1 && this.#get(row, HELD) === 0 && this.#get(row, WAITING) === 0) unused = row;
    }
    if (unused === -1) {
      throw new TooManyThreadsError(
        `${this.#threads} threads hold or await locks in the LockGraph already: create it for more threads`,
      );
    }
    this.#set(unused, OWNER, owner);
    return unused;
  }

  /** The row of a thread, or -1. */
  find(owner: number): number {
    for (let row = 0; row < this.#threads; row += 1) if (this.#get(row, OWNER) === owner) return row;
    return -1;
  }

  setHold(row: number, lock: number, mode: LockMode | 0): void {
    const before = this.#get(row, HOLD + lock);
    this.#set(row, HOLD + lock, mode);
    this.#set(row, HELD, this.#get(row, HELD) + (mode === 0 ? 0 : 1) - (before === 0 ? 0 : 1));
  }

  setWaiting(row: number, lock: number, mode: LockMode, timed: boolean): void {
    this.#set(row, WAITING, ((lock + 1) << LOCK_SHIFT) | (timed ? TIMED : 0) | mode);
  }

  isWaiting(row: number): boolean {
    return this.#get(row, WAITING) !== 0;
  }

  clearWaiting(row: number): void {
    this.#set(row, WAITING, 0);
  }

  /** Empties the row. */
  forget(row: number): void {
    for (let field = 0; field < HOLD + this.#locks; field += 1) this.#set(row, field, 0);
  }

  /** Whether another thread waits to have the lock alone; with `untimed`, without limit. */
  writerWaits(row: number, lock: number, untimed: boolean): boolean {
    for (let other = 0; other < this.#threads; other += 1) {
      const waiting = this.#get(other, WAITING);
      if (other === row || waiting >>> LOCK_SHIFT !== lock + 1 || (waiting & MODE) !== EXCLUSIVE) continue;
      if (!untimed || (waiting & TIMED) === 0) return true;
    }
    return false;
  }

  /** Notes that the thread asks for `second` while it holds what it holds. */
  noteOrder(row: number, second: number): void {
    for (let first = 0; first < this.#locks; first += 1) {
      if (first === second || this.#get(row, HOLD + first) === 0) continue;
      const cell = this.#orderCell(first, second);
      if (this.#view[cell] === 0) this.#view[cell] = this.#get(row, OWNER);
    }
  }

  /** One step of a cycle for each pair of locks that were taken in an order which the others forbid. */
  inversions(): readonly LockOrder[] {
    const found: LockOrder[] = [];
    for (let first = 0; first < this.#locks; first += 1) {
      for (let second = 0; second < this.#locks; second += 1) {
        const thread = this.#view[this.#orderCell(first, second)]!;
        if (thread !== 0 && this.#comesBefore(second, first, new Set()))
          found.push({ first, second, thread });
      }
    }
    return found;
  }

  /**
   * The threads for whose progress `row` would have to wait, from it on, when these end in a circle; undefined when they do
   * not. A thread that waits with a limit is waited for by nobody: it gives up.
   */
  deadlock(row: number): readonly number[] | undefined {
    return this.#circle(row, [], new Set());
  }

  /** Whether `row` waits for `other` to give up a lock. */
  waitsFor(row: number, other: number): boolean {
    const waiting = this.#get(row, WAITING);
    if (waiting === 0 || (waiting & TIMED) !== 0 || row === other) return false;
    const lock = (waiting >>> LOCK_SHIFT) - 1;
    const hold = this.#get(other, HOLD + lock);
    if (hold !== SHARED || (waiting & MODE) === EXCLUSIVE) return hold !== 0;
    // Readers let each other in, unless a writer waits for all who are inside, and will not give up.
    return this.writerWaits(row, lock, true);
  }

  /** What a thread of a deadlock holds and waits for. */
  describe(row: number, nameOf: (lock: number) => string): DeadlockedThread {
    const holds: string[] = [];
    for (let lock = 0; lock < this.#locks; lock += 1) {
      const hold = this.#get(row, HOLD + lock);
      if (hold !== 0) holds.push(hold === SHARED ? `${nameOf(lock)} (shared)` : nameOf(lock));
    }
    const waiting = this.#get(row, WAITING);
    const lock = nameOf((waiting >>> LOCK_SHIFT) - 1);
    return {
      thread: this.#get(row, OWNER),
      holds,
      waitsFor: (waiting & MODE) === SHARED ? `${lock} (shared)` : lock,
    };
  }

  /** Depth first: the path from `row` to a thread that is on the path already. `done` are those that lead nowhere. */
  #circle(row: number, path: readonly number[], done: Set<number>): readonly number[] | undefined {
    if (path.includes(row)) return path;
    if (done.has(row)) return undefined;
    for (let other = 0; other < this.#threads; other += 1) {
      if (!this.waitsFor(row, other)) continue;
      const found = this.#circle(other, [...path, row], done);
      if (found !== undefined) return found;
    }
    done.add(row);
    return undefined;
  }

  #comesBefore(first: number, second: number, done: Set<number>): boolean {
    if (first === second) return true;
    if (done.has(first)) return false;
    done.add(first);
    for (let next = 0; next < this.#locks; next += 1) {
      if (this.#view[this.#orderCell(first, next)] !== 0 && this.#comesBefore(next, second, done))
        return true;
    }
    return false;
  }

  #orderCell(first: number, second: number): number {
    const rows = this.#index + HEADER + this.#threads * (HOLD + this.#locks);
    return rows + first * this.#locks + second;
  }

  #get(row: number, field: number): number {
    return this.#view[this.#index + HEADER + row * (HOLD + this.#locks) + field]!;
  }

  #set(row: number, field: number, value: number): void {
    this.#view[this.#index + HEADER + row * (HOLD + this.#locks) + field] = value;
  }
}
