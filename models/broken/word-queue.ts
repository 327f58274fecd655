/**
 * The bounded queue of Vyukov, of Int32 words, as MpmcQueue is built; its steps are methods, for the broken ones to replace. Sound as it
 * stands, so that each twin has one fault.
 */
import { ClosedError } from '../../src/runtime/errors.ts';
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';

// Cells from the index on: tail { position, closed: bit 0 }, head; then for items and for space { wake-ups due, sleepers };
// then the cells { turn, item }. Positions count in twos.
const TAIL = 0;
const HEAD = 1;
export const ITEMS = 2;
export const SPACE = 4;
const CELLS = 6;
const CLOSED = 1;

export abstract class WordQueue {
  protected readonly view: Int32Array<SharedArrayBuffer>;
  protected readonly index: number;
  readonly #capacity: number;
  #taken = 0;

  protected constructor({ view, index, capacity }: QueueHandle) {
    this.view = view;
    this.index = index;
    this.#capacity = capacity;
  }

  /** Makes the cells an empty, open queue. */
  protected initialise(): void {
    for (let position = 0; position < this.#capacity; position += 1) {
      this.view[this.index + CELLS + 2 * position] = 2 * position;
    }
  }

  get handle(): QueueHandle {
    return { view: this.view, index: this.index, capacity: this.#capacity, words: 1 };
  }

  put(item: number): void {
    if (!this.tryPut(item)) this.#putSlowly(item, Infinity);
  }

  tryPut(item: number): boolean {
    for (;;) {
      const tail = Atomics.load(this.view, this.index + TAIL);
      if ((tail & CLOSED) !== 0) throw new ClosedError('the queue is closed');
      const cell = this.#cell(tail);
      const lead = Atomics.load(this.view, cell) - tail;
      if (lead < 0) return false;
      if (lead > 0 || !this.claimTail(this.index + TAIL, tail)) continue;
      this.view[cell + 1] = item;
      Atomics.store(this.view, cell, tail + 1);
      this.wake(ITEMS, 1);
      return true;
    }
  }

  putFor(item: number, timeoutMs: number): boolean {
    return this.tryPut(item) || this.#putSlowly(item, performance.now() + timeoutMs);
  }

  take(): number {
    if (!this.#dequeue()) this.#takeSlowly(Infinity);
    return this.#taken;
  }

  tryTake(): number | undefined {
    return this.#dequeue() ? this.#taken : undefined;
  }

  takeFor(timeoutMs: number): number | undefined {
    return this.#dequeue() || this.#takeSlowly(performance.now() + timeoutMs) ? this.#taken : undefined;
  }

  close(): boolean {
    const before = this.setClosed();
    this.wake(ITEMS, Infinity);
    this.wake(SPACE, Infinity);
    return (before & CLOSED) === 0;
  }

  isClosed(): boolean {
    return (Atomics.load(this.view, this.index + TAIL) & CLOSED) !== 0;
  }

  /** Claims the position at the tail; says whether it did. */
  protected claimTail(cell: number, tail: number): boolean {
    return Atomics.compareExchange(this.view, cell, tail, tail + 2) === tail;
  }

  /** Returns the tail before. */
  protected setClosed(): number {
    return Atomics.or(this.view, this.index + TAIL, CLOSED);
  }

  /** After a thread has waited: a wake-up that it had may be owed to another. */
  protected passOn(side: typeof ITEMS | typeof SPACE): void {
    if (side === ITEMS ? this.#mayTake() : this.#mayPut()) this.wake(side, 1);
  }

  /** The number of wake-ups due on which a thread falls asleep. */
  protected sleepsOn(_cell: number): number {
    return 0;
  }

  protected wake(side: typeof ITEMS | typeof SPACE, count: number): void {
    const sleepers = Atomics.load(this.view, this.index + side + 1);
    if (sleepers === 0) return;
    for (;;) {
      const due = Atomics.load(this.view, this.index + side);
      if (due >= sleepers) return;
      const next = Math.min(due + count, sleepers);
      if (Atomics.compareExchange(this.view, this.index + side, due, next) !== due) continue;
      Atomics.notify(this.view, this.index + side, next - due);
      return;
    }
  }

  #dequeue(): boolean {
    for (;;) {
      const head = Atomics.load(this.view, this.index + HEAD);
      const cell = this.#cell(head);
      const lead = Atomics.load(this.view, cell) - (head + 1);
      if (lead < 0) {
        if (Atomics.load(this.view, this.index + TAIL) === (head | CLOSED)) {
          throw new ClosedError('the queue is closed');
        }
        return false;
      }
      if (lead > 0 || Atomics.compareExchange(this.view, this.index + HEAD, head, head + 2) !== head)
        continue;
      this.#taken = this.view[cell + 1]!; // a cell of the queue
      Atomics.store(this.view, cell, head + 2 * this.#capacity);
      this.wake(SPACE, 1);
      return true;
    }
  }

  #putSlowly(item: number, deadline: number): boolean {
    Atomics.add(this.view, this.index + SPACE + 1, 1);
    try {
      for (;;) {
        if (this.tryPut(item)) return true;
        if (!this.#sleep(SPACE, deadline)) return false;
      }
    } finally {
      Atomics.sub(this.view, this.index + SPACE + 1, 1);
      this.passOn(SPACE);
    }
  }

  #takeSlowly(deadline: number): boolean {
    Atomics.add(this.view, this.index + ITEMS + 1, 1);
    try {
      for (;;) {
        if (this.#dequeue()) return true;
        if (!this.#sleep(ITEMS, deadline)) return false;
      }
    } finally {
      Atomics.sub(this.view, this.index + ITEMS + 1, 1);
      this.passOn(ITEMS);
    }
  }

  /** False when the deadline has passed. */
  #sleep(side: number, deadline: number): boolean {
    const remainingMs = deadline === Infinity ? Infinity : deadline - performance.now();
    if (remainingMs <= 0) return false;
    const cell = this.index + side;
    if (Atomics.wait(this.view, cell, this.sleepsOn(cell), remainingMs) === 'timed-out') return true;
    for (;;) {
      const due = Atomics.load(this.view, cell);
      if (due === 0 || Atomics.compareExchange(this.view, cell, due, due - 1) === due) return true;
    }
  }

  #mayPut(): boolean {
    const tail = Atomics.load(this.view, this.index + TAIL);
    return (tail & CLOSED) !== 0 || Atomics.load(this.view, this.#cell(tail)) >= tail;
  }

  #mayTake(): boolean {
    const head = Atomics.load(this.view, this.index + HEAD);
    if (Atomics.load(this.view, this.#cell(head)) > head) return true;
    return Atomics.load(this.view, this.index + TAIL) === (head | CLOSED);
  }

  #cell(position: number): number {
    return this.index + CELLS + 2 * ((position >>> 1) % this.#capacity);
  }
}
