/** What a task board does under its mutex: dealing, taking back, settling, counting. The calls that lock are in TaskBoard. */
import { EventCount } from '../queue/event-count.ts';
import {
  ABSENT,
  ASSIGNED,
  BELL,
  BLOCKED,
  type BoardHandle,
  CANCEL,
  CANCELLED,
  COLLECTED,
  COMPLETED,
  CRASHED,
  DEALT,
  DONE,
  EVENTS,
  FAILED,
  FRESH_SLOT,
  finishedAt,
  ID,
  IS_CLOSED,
  LEAVING,
  LOST_SLOTS,
  NEXT,
  NEXT_ID,
  PENDING,
  PINNED,
  PRESENCE,
  PRESENT,
  PRIORITY,
  REJECTED,
  REPEATED,
  REPEATS,
  RING,
  SEAT,
  STATE_MASK,
  SUBMITTED,
  state,
  TAKEN,
  TICKET,
  WAITING,
  WORD,
} from './board-layout.ts';
import { BoardLists } from './board-lists.ts';

/** The payload of a task that is to run again, as it was submitted; nothing when it lies there unharmed. Called under the mutex. */
export type Renew = (slot: number) => Int32Array | undefined;

/** Why a task was not taken: all slots are used, or the board is closed. */
export const FULL = -1;
export const CLOSED = -2;

/** What became of a request to cancel: the task will not run; it runs and is asked to end; it had ended, or is unknown. */
export type Cancellation = 'removed' | 'requested' | 'late';

/** All methods are called under the mutex, but for those that say otherwise. */
export abstract class BoardState extends BoardLists {
  protected readonly events: EventCount;
  readonly #bells: readonly EventCount[];
  /** The id of the task that this handle admitted last. */
  protected newest = -1;
  /** The seat whose worker ended the task that this handle collected last; -1 when that died. */
  protected from = -1;
  /** Cancelled tasks whose workers this handle has found to have left them: their workers have room again. */
  protected left = 0;

  protected constructor(handle: BoardHandle) {
    super(handle);
    const { view, index, seats } = handle;
    this.events = new EventCount(view, index + EVENTS);
    this.#bells = Array.from(
      { length: seats },
      (_, seat) => new EventCount(view, this.seatCell(seat) + BELL),
    );
  }

  /** Tells the worker of a seat that something was dealt, or that it is to leave. */
  protected ring(seat: number): void {
    this.#bells[seat]!.wake(1); // a seat of the board
  }

  /** Counts a task in and gives it a slot with its payload, or says why not. */
  protected admit(payload: Int32Array, priority: number, open: boolean, repeats: number): number {
    if (!open || this.cell(IS_CLOSED) !== 0) return this.refuse(CLOSED);
    const slot = this.freshSlot();
    if (slot < 0) return this.refuse(FULL);
    this.count(SUBMITTED, 1);
    this.count(PENDING, 1);
    const { view } = this;
    const cell = this.slotCell(slot);
    this.newest = this.cell(NEXT_ID);
    view[cell + ID] = this.newest;
    this.count(NEXT_ID, 1);
    view[cell + PRIORITY] = priority;
    view[cell + REPEATS] = repeats;
    view[cell + CANCEL] = 0;
    this.fill(cell, payload);
    Atomics.store(view, cell + WORD, this.nextTicket(slot) + state.queued);
    return slot;
  }

  protected refuse(why: number): number {
    this.count(SUBMITTED, 1);
    this.count(REJECTED, 1);
    return why;
  }

  /** How many more tasks a seat's rings can take. */
  protected room(seat: number): number {
    // Partner: the store of claim.
    const taken = Atomics.load(this.view, this.seatCell(seat) + TAKEN);
    const entries = (this.ofSeat(seat, DEALT) - taken) | 0;
    return this.shape.ring - Math.max(entries, this.ofSeat(seat, ASSIGNED));
  }

  /** Puts a queued slot at the end of a seat's ring. Ring the bell afterwards. */
  protected push(seat: number, slot: number): void {
    const { view } = this;
    const cell = this.seatCell(seat);
    const dealt = this.ofSeat(seat, DEALT);
    const entry = cell + RING + 2 * (dealt & (this.shape.ring - 1));
    this.setSlot(slot, SEAT, seat + 1);
    view[entry] = slot;
    view[entry + 1] = this.ofSlot(slot, WORD);
    view[cell + ASSIGNED] = this.ofSeat(seat, ASSIGNED) + 1;
    // Partner: the load of claim, which then sees the entry.
    Atomics.store(view, cell + DEALT, (dealt + 1) | 0);
  }

  /** Whether a worker may be dealt something: it is there, and its task does not wait for another thread. */
  protected isOpen(seat: number): boolean {
    // Partner: the store of setBlocked.
    return (
      this.ofSeat(seat, PRESENCE) === PRESENT && Atomics.load(this.view, this.seatCell(seat) + BLOCKED) === 0
    );
  }

  /** Takes back what lies behind tasks that wait for other threads: it may be what they wait for. */
  protected unblock(): void {
    for (let seat = 0; seat < this.shape.seats; seat += 1)
      if (this.ofSeat(seat, PRESENCE) === PRESENT && !this.isOpen(seat)) this.retrieve(seat);
  }

  /** Takes back what lies behind more than `least` tasks at one worker, when another one has none. */
  protected balance(least: number): void {
    const { seats } = this.shape;
    let idle = 0;
    let most = 0;
    for (let seat = 0; seat < seats; seat += 1) {
      const assigned = this.ofSeat(seat, ASSIGNED);
      if (assigned > most) most = assigned;
      if (assigned === 0 && this.isOpen(seat)) idle += 1;
    }
    if (idle === 0 || most <= least) return;
    for (let seat = 0; seat < seats; seat += 1) if (this.ofSeat(seat, ASSIGNED) > least) this.retrieve(seat);
  }

  /** Even shares for all who are open, of `least` tasks where there are so many, at most `most` each. What they have counts. */
  protected dealOut(most: number, least: number): void {
    const { seats } = this.shape;
    let open = 0;
    let tasks = this.cell(WAITING);
    for (let seat = 0; seat < seats; seat += 1) {
      if (!this.isOpen(seat)) continue;
      open += 1;
      tasks += this.ofSeat(seat, ASSIGNED);
    }
    if (open === 0) return;
    const share = Math.min(most, Math.max(least, Math.ceil(tasks / open)));
    // Whoever ended a task last is awake most likely.
    const first = Math.max(this.from, 0);
    for (let i = 0; i < seats && this.cell(WAITING) > 0; i += 1) {
      const seat = (first + i) % seats;
      if (this.isOpen(seat))
        this.#dealTo(seat, Math.min(share - this.ofSeat(seat, ASSIGNED), this.room(seat)));
    }
  }

  #dealTo(seat: number, count: number): void {
    for (let n = 0; n < count; n += 1) {
      const slot = this.shift();
      if (slot < 0) break;
      this.push(seat, slot);
    }
    if (count > 0) this.ring(seat);
  }

  /** What was dealt to a seat and not claimed goes back to the head of the queue, in its order. */
  protected retrieve(seat: number): number {
    const { view } = this;
    const cell = this.seatCell(seat);
    // Partner: the store of claim. Between here and there an entry is its worker's or ours, as the compare-exchange says.
    const taken = Atomics.load(view, cell + TAKEN);
    let count = 0;
    for (let at = this.ofSeat(seat, DEALT); at !== taken; at = (at - 1) | 0) {
      const entry = cell + RING + 2 * ((at - 1) & (this.shape.ring - 1));
      const slot = view[entry]!; // in the ring
      const queued = view[entry + 1]!;
      if (this.ofSlot(slot, REPEATS) === PINNED || !this.#retrieveSlot(slot, queued)) continue;
      view[cell + ASSIGNED] = this.ofSeat(seat, ASSIGNED) - 1;
      this.prepend(slot);
      count += 1;
    }
    return count;
  }

  #retrieveSlot(slot: number, queued: number): boolean {
    const cell = this.slotCell(slot) + WORD;
    // Partner: the compare-exchange of claim: one of the two comes first.
    return Atomics.compareExchange(this.view, cell, queued, (queued + TICKET) | 0) === queued;
  }

  protected cancelSlot(slot: number): Cancellation {
    const { view } = this;
    const cell = this.slotCell(slot);
    for (;;) {
      const word = Atomics.load(view, cell + WORD);
      const seat = this.ofSlot(slot, SEAT) - 1;
      switch (word & STATE_MASK) {
        case state.queued:
          // Partner: the compare-exchange of claim.
          if (Atomics.compareExchange(view, cell + WORD, word, word - state.queued + state.ended) !== word)
            continue;
          if (seat < 0) this.unlink(slot);
          else view[this.seatCell(seat) + ASSIGNED] = this.ofSeat(seat, ASSIGNED) - 1;
          this.settle(CANCELLED);
          this.freeSlot(slot);
          return 'removed';
        case state.running:
          // Partner: the compare-exchange of finish.
          if (
            Atomics.compareExchange(view, cell + WORD, word, word - state.running + state.cancelling) !== word
          )
            continue;
          // Partner: the load of isCancelled.
          Atomics.store(view, cell + CANCEL, 1);
          this.settle(CANCELLED);
          return 'requested';
        default:
          return 'late';
      }
    }
  }

  protected settle(outcome: number): void {
    this.count(outcome, 1);
    this.count(PENDING, -1);
  }

  /** The next settled task, of those lost with their workers first; -1 when there is none. */
  protected next(): number {
    const lost = this.cell(LOST_SLOTS);
    if (lost > 0) {
      this.set(LOST_SLOTS, this.ofSlot(lost - 1, NEXT));
      this.from = -1;
      // Counted only now: while it is pending, nobody takes the board for drained.
      const ended = this.ofSlot(lost - 1, WORD) & STATE_MASK;
      if (ended === state.crashed) this.count(CRASHED, 1);
      this.settle(ended === state.completed ? COMPLETED : FAILED);
      return lost - 1;
    }
    for (let seat = 0; seat < this.shape.seats; seat += 1) {
      const slot = this.ofSeat(seat, PRESENCE) === ABSENT ? -1 : this.nextOf(seat);
      if (slot >= 0) {
        this.from = seat;
        return slot;
      }
    }
    return -1;
  }

  /** The next task that the worker of a seat has finished and nobody collected; cancelled ones are passed over, and their slots free. */
  protected nextOf(seat: number): number {
    const { view } = this;
    const cell = this.seatCell(seat);
    for (;;) {
      const collected = this.ofSeat(seat, COLLECTED);
      // Partner: the store of publish.
      if (collected === Atomics.load(view, cell + DONE)) return -1;
      const slot = view[cell + finishedAt(this.shape.ring) + (collected & (this.shape.ring - 1))]!; // in the ring
      view[cell + COLLECTED] = (collected + 1) | 0;
      view[cell + ASSIGNED] = this.ofSeat(seat, ASSIGNED) - 1;
      const word = Atomics.load(view, this.slotCell(slot) + WORD) & STATE_MASK;
      if (word === state.ended) {
        this.left += 1;
        this.freeSlot(slot);
        continue;
      }
      // No longer the seat's: should its worker die now, this one is settled already.
      this.setSlot(slot, SEAT, 0);
      this.settle(word === state.completed ? COMPLETED : FAILED);
      return slot;
    }
  }

  /** Settles what a worker that died leaves behind, once its ring was taken back. */
  protected reapSlots(seat: number, renew: Renew): void {
    const { view } = this;
    const last = this.cell(FRESH_SLOT);
    for (let slot = 0; slot < last; slot += 1)
      if (view[this.slotCell(slot) + SEAT] === seat + 1) this.reapSlot(slot, renew);
  }

  protected reapSlot(slot: number, renew: Renew): void {
    const { view } = this;
    const cell = this.slotCell(slot);
    const word = Atomics.load(view, cell + WORD);
    switch (word & STATE_MASK) {
      case state.free:
        return;
      case state.queued: // pinned, or taken from the ring and not claimed
        if (view[cell + REPEATS] === PINNED) break;
        Atomics.store(view, cell + WORD, (word + TICKET) | 0);
        this.prepend(slot);
        return;
      case state.cancelling:
      case state.ended:
        this.freeSlot(slot);
        return;
      case state.completed:
      case state.failed:
        this.#lose(slot);
        return;
      case state.running:
        if (!this.mayRepeat(slot)) break;
        this.repeat(slot, renew);
        return;
    }
    Atomics.store(view, cell + WORD, (word & ~STATE_MASK) | state.crashed);
    this.#lose(slot);
  }

  /** Whether a task whose worker died in it runs again. */
  protected mayRepeat(slot: number): boolean {
    return this.ofSlot(slot, REPEATS) > 0;
  }

  /** Back to the head of the queue, as if it had never run. It stays pending: nothing of its end was counted. */
  protected repeat(slot: number, renew: Renew): void {
    const { view } = this;
    const cell = this.slotCell(slot);
    view[cell + REPEATS] = this.ofSlot(slot, REPEATS) - 1;
    view[cell + CANCEL] = 0;
    this.count(REPEATED, 1);
    const payload = renew(slot);
    if (payload !== undefined) this.fill(cell, payload);
    Atomics.store(view, cell + WORD, this.nextTicket(slot) + state.queued);
    this.prepend(slot);
  }

  #lose(slot: number): void {
    this.setSlot(slot, SEAT, 0);
    this.setSlot(slot, NEXT, this.cell(LOST_SLOTS));
    this.set(LOST_SLOTS, slot + 1);
  }

  protected isDrainedNow(): boolean {
    return this.cell(IS_CLOSED) !== 0 && this.cell(PENDING) === 0;
  }

  /** When the board is closed and nothing is pending, all leave, and nobody waits for results any longer. */
  protected leaveWhenDrained(): void {
    if (!this.isDrainedNow()) return;
    for (let seat = 0; seat < this.shape.seats; seat += 1) {
      if (this.ofSeat(seat, PRESENCE) !== PRESENT) continue;
      // Partner: the load of isLeaving.
      Atomics.store(this.view, this.seatCell(seat) + PRESENCE, LEAVING);
      this.ring(seat);
    }
    this.events.wake(Infinity);
  }
}
