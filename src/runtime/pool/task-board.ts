/**
 * What decides in a thread pool, in shared memory: slots of tasks, queues, who runs what, how each task ends, and the counts of it all.
 *
 * The board's side (this file) belongs to whoever submits, cancels, deals, collects and closes, from any thread, under a mutex.
 * The workers' side (Seat) takes no lock: a ring for each worker, so that a worker that is killed loses nothing but its ring, and a
 * compare-exchange on the slot's word to claim and to finish, so that a task that was cancelled, taken back or given to another
 * worker is never run by the old one as well. Rings are in the manner of the single-producer single-consumer ring of Lamport
 * ("Specifying concurrent program modules", 1983); slots are recycled with tickets against the ABA problem.
 */
import { NotCreatedError } from '../errors.ts';
import { Mutex } from '../sync/mutex.ts';
import { currentThreadId } from '../thread.ts';
import {
  ABSENT,
  ASSIGNED,
  BLOCKED,
  type BoardHandle,
  type BoardShape,
  boardCells,
  CANCEL,
  CANCELLED,
  COMPLETED,
  CRASHED,
  checkShape,
  EVENTS,
  FAILED,
  ID,
  IS_CLOSED,
  LEAVING,
  MAILED,
  MUTEX,
  PAYLOAD,
  PENDING,
  PINNED,
  PRESENCE,
  PRESENT,
  REJECTED,
  REPEATED,
  RING,
  SEAT,
  STATE_MASK,
  SUBMITTED,
  state,
  USED,
  WAITING,
  WORD,
} from './board-layout.ts';
import { BoardState, type Cancellation, FULL, type Renew } from './board-state.ts';

/** The counts of a board at one moment: `submitted = completed + failed + cancelled + rejected + pending`. They wrap after 2^32. */
export interface BoardAccount {
  readonly submitted: number;
  readonly completed: number;
  /** By an error, or because its worker died. */
  readonly failed: number;
  /** Those of the failed whose worker died. */
  readonly crashed: number;
  readonly cancelled: number;
  /** Refused: the board was full or closed. */
  readonly rejected: number;
  /** Neither refused nor settled. */
  readonly pending: number;
  /** Those of the pending that are in the queue. */
  readonly waiting: number;
  /** Times that a task went back to the queue because its worker had died in it. */
  readonly repeated: number;
}

const unharmed: Renew = () => undefined;

/** What a seat is doing: nobody is there; nothing, or something, is dealt to its worker. (unknown: the board is damaged.) */
export type SeatState = 'absent' | 'idle' | 'busy' | 'unknown';

/**
 * Tasks between those who submit them and workers. Each task that is taken runs at most once, settles once, and is counted once. Lives in
 * Int32 cells of shared memory, from a cache line on; the object is one thread's handle.
 *
 * A task is its slot and its id. What is to be done is the caller's: 24 words of payload in the slot, for arguments before it
 * runs and for results after. Whoever submits, settles or ends a worker calls `deal` afterwards: nothing is dealt by itself.
 */
export class TaskBoard extends BoardState {
  readonly #mutex: Mutex;

  protected constructor(handle: BoardHandle, owner: number) {
    super(handle);
    this.#mutex = Mutex.attach(handle.view, handle.index + MUTEX, owner);
  }

  /** Int32 cells that a board takes: whole lines. */
  static cells(shape: BoardShape): number {
    checkShape(shape);
    return boardCells(shape);
  }

  /**
   * Makes `TaskBoard.cells(shape)` cells from `index` on an empty, open board without workers. They must be 0, as fresh memory is: slots
   * are touched as they are needed. One thread creates; the others attach.
   *
   * @throws RangeError when a number of the shape is out of range, or the owner no thread id
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   * @throws AlignmentError when the first cell does not begin a cache line
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    shape: BoardShape,
    owner: number = currentThreadId(),
  ): TaskBoard {
    const board = new TaskBoard({ view, index, ...shape }, owner);
    board.initialise();
    return board;
  }

  /** This thread's handle on a board that was created elsewhere. Throws as `create`, and NotCreatedError when there is none. */
  static attach(handle: BoardHandle, owner: number = currentThreadId()): TaskBoard {
    const board = new TaskBoard(handle, owner);
    if (!board.isCreated())
      throw new NotCreatedError(
        `there is no TaskBoard of ${handle.capacity} slots and ${handle.seats} seats at index ${handle.index}: one ` +
          'thread must create it first, and the others attach by its handle',
      );
    return board;
  }

  /** What to send to other threads. */
  get handle(): BoardHandle {
    return { view: this.view, index: this.index, ...this.shape };
  }

  /**
   * Puts a task into the queue: its slot, or FULL, or CLOSED. Counts it either way.
   *
   * Cost: a lock, an unlock and an atomic store.
   *
   * @param payload up to 24 words for the worker
   * @param priority 0 is first, 2 is last
   * @param repeats how often it may run again when its worker dies in it
   */
  submit(payload: Int32Array, priority: number, repeats: number = 0): number {
    this.#mutex.lock();
    const slot = this.admit(payload, priority, true, repeats);
    if (slot >= 0) this.append(slot);
    this.#mutex.unlock();
    return slot;
  }

  /** As `submit`, for one worker: past the queue, and failed when that worker dies. FULL also when its ring is, CLOSED also when it is absent. */
  submitTo(seat: number, payload: Int32Array): number {
    this.#checkSeat(seat);
    this.#mutex.lock();
    const present = this.ofSeat(seat, PRESENCE) === PRESENT;
    const slot =
      !present || this.room(seat) > 0 ? this.admit(payload, 0, present, PINNED) : this.refuse(FULL);
    if (slot >= 0) {
      this.push(seat, slot);
      this.ring(seat);
    }
    this.#mutex.unlock();
    return slot;
  }

  /** The id of the task that this handle submitted last, of those that were taken. Ids grow by 1, modulo 2^32. */
  get lastId(): number {
    return this.newest;
  }

  /** The id of the task in a slot that was collected and not released. */
  idOf(slot: number): number {
    return this.view[this.slotCell(slot) + ID]!; // in the view: the constructor checked
  }

  /** Whether the task is in the slot and has not settled: the seat it is dealt to, -1 in the queue; undefined when not. */
  seatOf(slot: number, id: number): number | undefined {
    if (this.idOf(slot) !== id) return undefined;
    const word = Atomics.load(this.view, this.slotCell(slot) + WORD) & STATE_MASK;
    return word === state.queued || word === state.running ? this.ofSlot(slot, SEAT) - 1 : undefined;
  }

  /** Whether the worker of a seat is in the task at this moment. */
  isRunning(slot: number, id: number): boolean {
    const word = Atomics.load(this.view, this.slotCell(slot) + WORD) & STATE_MASK;
    return this.idOf(slot) === id && (word === state.running || word === state.cancelling);
  }

  /** Whether somebody has the seat who is not to leave. No lock. */
  isStaying(seat: number): boolean {
    return Atomics.load(this.view, this.seatCell(seat) + PRESENCE) === PRESENT;
  }

  /** Messages that the worker of a seat has sent beside the board. */
  mailedBy(seat: number): number {
    // Partner: the add of mailed.
    return Atomics.load(this.view, this.seatCell(seat) + MAILED);
  }

  /** Ends the sleep of who waits for settled tasks. */
  wake(): void {
    this.events.wake(Infinity);
  }

  /** The first cell of a slot's payload. */
  payloadOf(slot: number): number {
    return this.slotCell(slot) + PAYLOAD;
  }

  /**
   * Deals what is queued to the workers, and wakes them: in even shares of at most `most` tasks each, but of `least` where that is more,
   * since waking a worker for less does not pay. What lies beyond `least` at one worker while another has nothing is dealt anew.
   */
  deal(most: number, least: number = 1): void {
    this.#mutex.lock();
    this.unblock();
    if (this.cell(WAITING) === 0) this.balance(least);
    if (this.cell(WAITING) > 0) this.dealOut(Math.min(most, this.shape.ring), least);
    this.#mutex.unlock();
  }

  /** Puts back into the queue what was dealt to a worker that it has not claimed. Says how many. */
  takeBack(seat: number): number {
    this.#checkSeat(seat);
    this.#mutex.lock();
    const count = this.retrieve(seat);
    this.#mutex.unlock();
    return count;
  }

  /** Cancels a task, unless it has ended. It is counted at once; its worker may be in it still. */
  cancel(slot: number, id: number): Cancellation {
    this.#mutex.lock();
    const result = this.idOf(slot) === id ? this.cancelSlot(slot) : 'late';
    if (result !== 'late') this.leaveWhenDrained();
    this.#mutex.unlock();
    return result;
  }

  /** Asks a running task to end, without counting it as cancelled: how it ends decides. */
  ask(slot: number, id: number): void {
    this.#mutex.lock();
    if (this.idOf(slot) === id) Atomics.store(this.view, this.slotCell(slot) + CANCEL, 1);
    this.#mutex.unlock();
  }

  /**
   * The slot of a task that has settled and was not collected yet, or -1. Its payload stays until `release`.
   */
  collect(): number {
    this.#mutex.lock();
    const slot = this.next();
    if (slot >= 0) this.leaveWhenDrained();
    this.#mutex.unlock();
    return slot;
  }

  /**
   * Announces sleep, for those who wait for settled tasks by other means than `collectBlocking`: then look once more, and sleep on
   * `eventCell` while it is what this returns.
   */
  announceSleep(): number {
    this.events.enter();
    return this.events.epoch();
  }

  endSleep(): void {
    this.events.leave();
  }

  /** The cell that changes when something has settled. */
  get eventCell(): number {
    return this.index + EVENTS;
  }

  /** As `collect`, but blocks until there is one; -1 when the board is closed and nothing is pending. */
  collectBlocking(): number {
    const { events } = this;
    events.enter();
    try {
      for (;;) {
        const epoch = events.epoch();
        const slot = this.collect();
        if (slot >= 0) return slot;
        if (this.isDrained()) return -1;
        events.sleep(epoch, Infinity);
      }
    } finally {
      events.leave();
    }
  }

  /** The seat whose worker ended the task that this handle collected last; -1 when that worker is gone. */
  get lastSeat(): number {
    return this.from;
  }

  /** Grows when `collect` passes over a cancelled task that its worker has left: then there is room to deal, though nothing was collected. */
  get passedOver(): number {
    return this.left;
  }

  /** How a collected task ended. */
  outcomeOf(slot: number): 'completed' | 'failed' | 'crashed' {
    const word = Atomics.load(this.view, this.slotCell(slot) + WORD) & STATE_MASK;
    return word === state.completed ? 'completed' : word === state.failed ? 'failed' : 'crashed';
  }

  /** Gives back the slot of a collected task. */
  release(slot: number): void {
    this.#mutex.lock();
    this.freeSlot(slot);
    this.#mutex.unlock();
  }

  /** Lets nothing more in. What was taken in still runs; then the workers leave. Says whether this call closed it. */
  close(): boolean {
    this.#mutex.lock();
    const wasOpen = this.cell(IS_CLOSED) === 0;
    this.set(IS_CLOSED, 1);
    this.leaveWhenDrained();
    this.#mutex.unlock();
    return wasOpen;
  }

  /** Whether it is closed and nothing is pending. */
  isDrained(): boolean {
    this.#mutex.lock();
    const drained = this.isDrainedNow();
    this.#mutex.unlock();
    return drained;
  }

  /** A seat for a new worker, or -1 when all are taken. Before that worker begins. */
  enlist(): number {
    this.#mutex.lock();
    let seat = 0;
    while (seat < this.shape.seats && this.ofSeat(seat, PRESENCE) !== ABSENT) seat += 1;
    if (seat === this.shape.seats) seat = -1;
    else {
      const cell = this.seatCell(seat);
      this.view.fill(0, cell, cell + RING);
      Atomics.store(this.view, cell + PRESENCE, this.isDrainedNow() ? LEAVING : PRESENT);
    }
    this.#mutex.unlock();
    return seat;
  }

  /** Has a worker leave after its task. What was dealt to it beside that goes back into the queue. */
  retire(seat: number): void {
    this.#checkSeat(seat);
    this.#mutex.lock();
    if (this.ofSeat(seat, PRESENCE) === PRESENT) {
      Atomics.store(this.view, this.seatCell(seat) + PRESENCE, LEAVING);
      this.retrieve(seat);
      this.ring(seat);
    }
    this.#mutex.unlock();
  }

  /**
   * Clears the seat of a worker that has left or died, and only then: what it finished stays finished, the task that it was in
   * has failed, or goes back into the queue when it may run again, as does what was dealt to it beside that.
   *
   * @param renew gives the payload of a task that is to run again
   */
  reap(seat: number, renew: Renew = unharmed): void {
    this.#checkSeat(seat);
    this.#mutex.lock();
    if (this.ofSeat(seat, PRESENCE) !== ABSENT) {
      this.retrieve(seat);
      this.reapSlots(seat, renew);
      Atomics.store(this.view, this.seatCell(seat) + PRESENCE, ABSENT);
      this.leaveWhenDrained();
      this.events.wake(Infinity);
    }
    this.#mutex.unlock();
  }

  /**
   * Whether tasks wait, and every worker is in a task that has said that it waits for another thread: nothing will go on by itself.
   *
   * @param outside whether tasks wait outside of the board, too
   */
  isStuck(outside: boolean = false): boolean {
    this.#mutex.lock();
    this.unblock();
    let present = 0;
    let open = 0;
    for (let seat = 0; seat < this.shape.seats; seat += 1) {
      if (this.ofSeat(seat, PRESENCE) === ABSENT) continue;
      present += 1;
      // One that is to leave does so after its task. Partner: the store of setBlocked.
      if (Atomics.load(this.view, this.seatCell(seat) + BLOCKED) === 0) open += 1;
    }
    const stuck = present > 0 && open === 0 && (outside || this.cell(WAITING) > 0);
    this.#mutex.unlock();
    return stuck;
  }

  /** The counts, consistent with each other. */
  account(): BoardAccount {
    this.#mutex.lock();
    const account = {
      submitted: this.cell(SUBMITTED) >>> 0,
      completed: this.cell(COMPLETED) >>> 0,
      failed: this.cell(FAILED) >>> 0,
      crashed: this.cell(CRASHED) >>> 0,
      cancelled: this.cell(CANCELLED) >>> 0,
      rejected: this.cell(REJECTED) >>> 0,
      pending: this.cell(PENDING),
      waiting: this.cell(WAITING),
      repeated: this.cell(REPEATED) >>> 0,
    };
    this.#mutex.unlock();
    return account;
  }

  /** What each seat is doing: busy while a task is dealt to it. */
  seats(): SeatState[] {
    this.#mutex.lock();
    const states = Array.from({ length: this.shape.seats }, (_, seat): SeatState => {
      if (this.ofSeat(seat, PRESENCE) === ABSENT) return 'absent';
      const assigned = this.ofSeat(seat, ASSIGNED);
      return assigned > 0 ? 'busy' : assigned === 0 ? 'idle' : 'unknown';
    });
    this.#mutex.unlock();
    return states;
  }

  /** Whether a slot is free, as far as this thread knows. No lock: for a thread that submits alone. */
  hasRoom(): boolean {
    return this.cell(USED) < this.shape.capacity || this.cell(IS_CLOSED) !== 0;
  }

  /** Slots that are not free: pending, cancelled with their worker in them still, or settled and not released. */
  used(): number {
    this.#mutex.lock();
    const used = this.cell(USED);
    this.#mutex.unlock();
    return used;
  }

  #checkSeat(seat: number): void {
    if (Number.isInteger(seat) && seat >= 0 && seat < this.shape.seats) return;
    throw new RangeError(`the seats of this TaskBoard are 0 to ${this.shape.seats - 1}, got ${seat}`);
  }
}
