/** The cells of a task board, and the lists that its slots are in: free ones, and a queue for each priority. */
import { checkInt32Cells } from '../cell.ts';
import { checkLine } from '../line.ts';
import {
  type BoardHandle,
  type BoardShape,
  boardCells,
  checkShape,
  FREE_SLOTS,
  FRESH_SLOT,
  NEXT,
  PAYLOAD,
  PREVIOUS,
  PRIORITIES,
  PRIORITY,
  QUEUES,
  SEAT,
  SHAPE,
  SLOT_CELLS,
  STATE_MASK,
  seatAt,
  slotAt,
  state,
  TICKET,
  USED,
  WAITING,
  WORD,
} from './board-layout.ts';

/** All methods are called under the mutex, but for those that say otherwise. */
export abstract class BoardLists {
  protected readonly view: Int32Array<SharedArrayBuffer>;
  protected readonly index: number;
  protected readonly shape: BoardShape;
  readonly #slots: number;

  protected constructor(handle: BoardHandle) {
    const { view, index, capacity, seats, ring } = handle;
    this.shape = { capacity, seats, ring };
    checkShape(this.shape);
    checkInt32Cells(view, index, boardCells(this.shape), 'a TaskBoard');
    checkLine(view, index, 'a TaskBoard');
    this.view = view;
    this.index = index;
    this.#slots = index + slotAt(this.shape, 0);
  }

  /** Writes the shape: from then on there is a board. Without the mutex. */
  protected initialise(): void {
    const { view, index, shape } = this;
    view[index + SHAPE + 1] = shape.seats;
    view[index + SHAPE + 2] = shape.ring;
    Atomics.store(view, index + SHAPE, shape.capacity);
  }

  /** Whether there is a board of this shape. Without the mutex. */
  protected isCreated(): boolean {
    const { view, index, shape } = this;
    // Partner: the store of initialise.
    const capacity = Atomics.load(view, index + SHAPE);
    return (
      capacity === shape.capacity &&
      view[index + SHAPE + 1] === shape.seats &&
      view[index + SHAPE + 2] === shape.ring
    );
  }

  protected cell(cell: number): number {
    return this.view[this.index + cell]!; // the constructor checked that all cells are in the view
  }

  protected set(cell: number, value: number): void {
    this.view[this.index + cell] = value;
  }

  protected count(cell: number, by: number): void {
    this.view[this.index + cell] = this.cell(cell) + by;
  }

  protected seatCell(seat: number): number {
    return this.index + seatAt(this.shape, seat);
  }

  protected ofSeat(seat: number, cell: number): number {
    return this.view[this.seatCell(seat) + cell]!; // as in cell
  }

  protected slotCell(slot: number): number {
    return this.#slots + slot * SLOT_CELLS;
  }

  protected ofSlot(slot: number, cell: number): number {
    return this.view[this.#slots + slot * SLOT_CELLS + cell]!; // as in cell
  }

  protected setSlot(slot: number, cell: number, value: number): void {
    this.view[this.#slots + slot * SLOT_CELLS + cell] = value;
  }

  /** Writes the payload of the slot that begins there. */
  protected fill(cell: number, payload: Int32Array): void {
    for (let word = 0; word < payload.length; word += 1) this.view[cell + PAYLOAD + word] = payload[word]!; // in range
  }

  /** A slot's word with the next ticket and no state. */
  protected nextTicket(slot: number): number {
    return ((this.ofSlot(slot, WORD) & ~STATE_MASK) + TICKET) | 0;
  }

  /** A slot that is free, or -1. */
  protected freshSlot(): number {
    const free = this.cell(FREE_SLOTS);
    if (free > 0) {
      this.set(FREE_SLOTS, this.ofSlot(free - 1, NEXT));
      this.count(USED, 1);
      return free - 1;
    }
    const fresh = this.cell(FRESH_SLOT);
    if (fresh === this.shape.capacity) return -1;
    this.set(FRESH_SLOT, fresh + 1);
    this.count(USED, 1);
    return fresh;
  }

  /** Gives a slot back; old entries of rings for it are void from then on. */
  protected freeSlot(slot: number): void {
    Atomics.store(this.view, this.slotCell(slot) + WORD, this.nextTicket(slot) + state.free);
    this.setSlot(slot, NEXT, this.cell(FREE_SLOTS));
    this.set(FREE_SLOTS, slot + 1);
    this.count(USED, -1);
  }

  /** At the end of its queue. */
  protected append(slot: number): void {
    const queue = QUEUES + 2 * this.ofSlot(slot, PRIORITY);
    const last = this.cell(queue + 1);
    this.setSlot(slot, SEAT, 0);
    this.setSlot(slot, NEXT, 0);
    this.setSlot(slot, PREVIOUS, last);
    if (last === 0) this.set(queue, slot + 1);
    else this.setSlot(last - 1, NEXT, slot + 1);
    this.set(queue + 1, slot + 1);
    this.count(WAITING, 1);
  }

  /** At the head of its queue: it has waited before. */
  protected prepend(slot: number): void {
    const queue = QUEUES + 2 * this.ofSlot(slot, PRIORITY);
    const first = this.cell(queue);
    this.setSlot(slot, SEAT, 0);
    this.setSlot(slot, PREVIOUS, 0);
    this.setSlot(slot, NEXT, first);
    if (first === 0) this.set(queue + 1, slot + 1);
    else this.setSlot(first - 1, PREVIOUS, slot + 1);
    this.set(queue, slot + 1);
    this.count(WAITING, 1);
  }

  protected unlink(slot: number): void {
    const queue = QUEUES + 2 * this.ofSlot(slot, PRIORITY);
    const next = this.ofSlot(slot, NEXT);
    const previous = this.ofSlot(slot, PREVIOUS);
    if (previous === 0) this.set(queue, next);
    else this.setSlot(previous - 1, NEXT, next);
    if (next === 0) this.set(queue + 1, previous);
    else this.setSlot(next - 1, PREVIOUS, previous);
    this.count(WAITING, -1);
  }

  /** The slot that is next in the queues, unlinked; -1 when they are empty. */
  protected shift(): number {
    for (let priority = 0; priority < PRIORITIES; priority += 1) {
      const first = this.cell(QUEUES + 2 * priority);
      if (first === 0) continue;
      this.unlink(first - 1);
      return first - 1;
    }
    return -1;
  }
}
