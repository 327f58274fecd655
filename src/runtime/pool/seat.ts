/**
 * A worker's side of a task board: it claims what was dealt to it, one by one, finishes it, and sleeps while there is
 * nothing. A worker never takes the board's mutex, so it may be killed at any step and leaves nothing locked.
 */
import { EventCount } from '../queue/event-count.ts';
import {
  BELL,
  BLOCKED,
  type BoardHandle,
  CANCEL,
  DEALT,
  DONE,
  EVENTS,
  finishedAt,
  ID,
  LEAVING,
  MAILED,
  PAYLOAD,
  PRESENCE,
  RING,
  RUNNING_SLOT,
  SLOT_CELLS,
  STATE_MASK,
  seatAt,
  slotAt,
  state,
  TAKEN,
  WORD,
} from './board-layout.ts';

/** One worker's place at a board. One thread uses it at a time. */
export class Seat {
  readonly number: number;
  /** The board's cells. */
  readonly view: Int32Array<SharedArrayBuffer>;
  /** Its first cell in the view. */
  readonly cell: number;
  readonly #ring: number;
  readonly #finished: number;
  readonly #slots: number;
  readonly #bell: EventCount;
  readonly #events: EventCount;
  #taken: number;
  #done: number;

  constructor(handle: BoardHandle, number: number) {
    const { view, index, ring } = handle;
    this.number = number;
    this.view = view;
    this.cell = index + seatAt(handle, number);
    this.#ring = ring;
    this.#finished = this.cell + finishedAt(ring);
    this.#slots = index + slotAt(handle, 0);
    this.#bell = new EventCount(view, this.cell + BELL);
    this.#events = new EventCount(view, index + EVENTS);
    // Whoever enlists a worker sets both to 0 before it starts.
    this.#taken = 0;
    this.#done = 0;
  }

  /**
   * Claims the next task that was dealt here and not taken back: its slot, or -1 when there is none. From then on it
   * runs: `finish` must follow.
   */
  claim(): number {
    const { view, cell } = this;
    let passed = false;
    for (;;) {
      // Partner: the store of deal, after which the entry is there.
      if (this.#taken === Atomics.load(view, cell + DEALT)) {
        if (passed) this.passedOver();
        return -1;
      }
      const entry = cell + RING + 2 * (this.#taken & (this.#ring - 1));
      const slot = view[entry]!; // in the ring
      const queued = view[entry + 1]!;
      this.#taken = (this.#taken + 1) | 0;
      // Partner: the load of deal, which may use the entry again.
      Atomics.store(view, cell + TAKEN, this.#taken);
      if (!this.claimSlot(this.slotCell(slot) + WORD, queued)) {
        passed = true;
        continue;
      }
      Atomics.store(view, cell + RUNNING_SLOT, slot + 1);
      return slot;
    }
  }

  /** Whether something was dealt since the last claim. */
  hasMore(): boolean {
    return this.#taken !== Atomics.load(this.view, this.cell + DEALT);
  }

  /** The first cell of a slot's payload, and the id of its task. */
  payloadOf(slot: number): number {
    return this.slotCell(slot) + PAYLOAD;
  }

  idOf(slot: number): number {
    return this.view[this.slotCell(slot) + ID]!; // a slot of the board
  }

  /** Blocks until there is a task (its slot), or the worker is to leave (-1). */
  take(): number {
    for (;;) {
      const slot = this.claim();
      if (slot >= 0) return slot;
      if (this.isLeaving()) return -1;
      this.#sleep();
    }
  }

  /** Whether the worker is to leave, once it finds nothing to claim. */
  isLeaving(): boolean {
    // Partner: the store of retire.
    return Atomics.load(this.view, this.cell + PRESENCE) === LEAVING;
  }

  /**
   * Ends a claimed task. Its results must be in the payload. Others learn of it by `publish`, at the latest before the
   * worker sleeps.
   *
   * @returns false when it was cancelled meanwhile: nobody will look at its results
   */
  finish(slot: number, completed: boolean): boolean {
    const { view, cell } = this;
    const word = this.slotCell(slot) + WORD;
    const before = Atomics.load(view, word);
    const after = before - state.running + (completed ? state.completed : state.failed);
    // Partner: the compare-exchange of cancel: one of the two comes first.
    const heeded = (before & STATE_MASK) === state.running && this.settleSlot(word, before, after);
    if (!heeded) Atomics.store(view, word, (before & ~STATE_MASK) | state.ended);
    Atomics.store(view, cell + RUNNING_SLOT, 0);
    view[this.#finished + (this.#done & (this.#ring - 1))] = slot;
    this.#done = (this.#done + 1) | 0;
    return heeded;
  }

  /** Makes known what was finished, and wakes those who wait for it. An atomic store and a load when nobody sleeps. */
  publish(): void {
    // Partner: the load of collect.
    Atomics.store(this.view, this.cell + DONE, this.#done);
    this.#events.wake(Infinity);
  }

  /** Whether the claimed task is asked to end: it was cancelled, or its time is over. */
  isCancelled(slot: number): boolean {
    // Partner: the store of cancel.
    return Atomics.load(this.view, this.slotCell(slot) + CANCEL) !== 0;
  }

  /** Says that the task waits for another thread, or does so no more: what `stuck` of the board looks at. */
  setBlocked(blocked: boolean): void {
    // Partner: the load of stuck.
    Atomics.store(this.view, this.cell + BLOCKED, blocked ? 1 : 0);
    if (blocked) this.#events.wake(Infinity);
  }

  /** Counts a message that was sent beside the board, and wakes who reads it. */
  mailed(): void {
    Atomics.add(this.view, this.cell + MAILED, 1);
    this.#events.wake(Infinity);
  }

  /** Has the pool look: the task that was claimed needs something. */
  ask(): void {
    this.#events.wake(Infinity);
  }

  /** Announces sleep, for those who sleep on `bellCell` by other means than `take`. Then look once more, and compare with the epoch. */
  announceSleep(): number {
    this.#bell.enter();
    return this.#bell.epoch();
  }

  endSleep(): void {
    this.#bell.leave();
  }

  /** The cell that changes when something was dealt. */
  get bellCell(): number {
    return this.cell + BELL;
  }

  protected slotCell(slot: number): number {
    return this.#slots + slot * SLOT_CELLS;
  }

  /** Entries that were taken back kept the ring full: now that they are gone, somebody must deal again. */
  protected passedOver(): void {
    this.ask();
  }

  /** One compare-exchange. Says whether this worker is the one that runs it. */
  protected claimSlot(word: number, queued: number): boolean {
    // Partner: the compare-exchanges of cancel and take-back: one of them comes first.
    const running = queued - state.queued + state.running;
    return Atomics.compareExchange(this.view, word, queued, running) === queued;
  }

  protected settleSlot(word: number, before: number, after: number): boolean {
    return Atomics.compareExchange(this.view, word, before, after) === before;
  }

  #sleep(): void {
    this.#bell.enter();
    try {
      const epoch = this.#bell.epoch();
      // Partner: the store of deal or retire, after which the bell is rung.
      if (this.#taken !== Atomics.load(this.view, this.cell + DEALT) || this.isLeaving()) return;
      this.#bell.sleep(epoch, Infinity);
    } finally {
      this.#bell.leave();
    }
  }
}
