/**
 * A bounded queue for any number of producers and consumers: D. Vyukov's "Bounded MPMC queue" (1024cores.net), in which
 * each cell has a sequence number that says whose turn it is. Departures: positions count in twos, so that "free" and
 * "filled" differ also with one cell, and the low bit of the tail closes the queue in the same word in which positions
 * are claimed; threads sleep on counted wake-ups.
 */
import type { Codec } from '../codec.ts';
import { ClosedError } from '../errors.ts';
import { wholeLines } from '../line.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { checkCapacity, checkCreated, checkQueue, type QueueHandle, writeShape } from './queue-handle.ts';
import { WakeUps } from './wake-ups.ts';

// Cells from the index on, each of the first five groups on a line of its own:
//    0 shape   capacity, words of an item; constant after create
//   16 tail    { position: bits 1 to 31, closed: bit 0 }: the next position to be put
//   32 head    { position: bits 1 to 31 }: the next position to be taken
//   48 items   wake-ups of those who wait for an item
//   64 space   wake-ups of those who wait for space
//   80 cells   capacity times { turn, words of the item ... }
// The turn of the cell of position p (p modulo the capacity):
//   2p                  free, for the thread that puts position p
//   2p + 1              filled, for the thread that takes position p
//   2 (p + capacity)    free again, for the next round
// All three words only rise, modulo 2^32; differences are taken modulo 2^32, as the capacity is far below 2^31.
const TAIL = 16;
const HEAD = 32;
const ITEMS = 48;
const SPACE = 64;
const CELLS = 80;
const CLOSED = 1;
const STEP = 2;
const FILLED = 1;

/**
 * A first-in first-out queue of fixed capacity between threads. Items are values of a codec: fixed-size records of Int32
 * words, so putting one allocates nothing. Lives in Int32 cells of shared memory, from a cache line on; the object is a
 * handle.
 *
 * Items leave in the order in which their places were claimed; each leaves once. Everything written before a put is
 * visible after the take of that item. A `try` or timed form may also fail while another thread is in the middle of the
 * opposite operation: a put that has its place but not yet its item holds up those behind it.
 * So a thread that is killed in the middle of an operation blocks its cell for ever: do not end threads that use it.
 *
 * Cost without waiting: 5 atomic operations a put or a take (3 loads, a compare-exchange, a store).
 */
export class MpmcQueue<T> {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #capacity: number;
  readonly #codec: Codec<T>;
  /** The cells of a turn and an item. */
  readonly #stride: number;
  readonly #items: WakeUps;
  readonly #space: WakeUps;
  /** The words of one item, this handle's own: codecs run on it, never between claim and release. */
  readonly #item: Int32Array;
  #created = false;

  private constructor(handle: QueueHandle, codec: Codec<T>) {
    const { view, index, capacity, words } = handle;
    checkCapacity(capacity, true, 'an MpmcQueue');
    checkQueue(handle, codec, MpmcQueue.cells(capacity, codec), 'an MpmcQueue');
    this.#view = view;
    this.#index = index;
    this.#capacity = capacity;
    this.#codec = codec;
    this.#stride = 1 + words;
    this.#items = new WakeUps(view, index + ITEMS);
    this.#space = new WakeUps(view, index + SPACE);
    this.#item = new Int32Array(words);
  }

  /** Int32 cells that a queue takes: whole lines. */
  static cells(capacity: number, codec: Codec<unknown>): number {
    return CELLS + wholeLines(capacity * (1 + codec.words));
  }

  /**
   * Makes `MpmcQueue.cells(capacity, codec)` cells from `index` on an empty, open queue. One thread creates; the others
   * attach.
   *
   * @param capacity most items in it: a power of two
   * @throws RangeError when the capacity is no power of two from 1 to 2^24
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   * @throws AlignmentError when the first cell does not begin a cache line
   */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    capacity: number,
    codec: Codec<T>,
  ): MpmcQueue<T> {
    const queue = new MpmcQueue({ view, index, capacity, words: codec.words }, codec);
    view.fill(0, index, index + MpmcQueue.cells(capacity, codec));
    for (let position = 0; position < capacity; position += 1) {
      view[index + CELLS + position * queue.#stride] = position * STEP;
    }
    writeShape(queue.handle);
    return queue;
  }

  /**
   * A handle on a queue that was created elsewhere. Touches no cell. Throws as `create`, and TypeError when the codec is
   * for items of another size.
   */
  static attach<T>(handle: QueueHandle, codec: Codec<T>): MpmcQueue<T> {
    return new MpmcQueue(handle, codec);
  }

  /** What to send to other threads. */
  get handle(): QueueHandle {
    return { view: this.#view, index: this.#index, capacity: this.#capacity, words: this.#codec.words };
  }

  /**
   * Puts an item at the end; blocks while the queue is full.
   *
   * @throws ClosedError when the queue is closed, before or during the wait
   * @throws TypeError, RangeError when the item is none of the codec's; nothing is put
   * @throws NotCreatedError when nobody created a queue there
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  put(item: T): void {
    if (!this.tryPut(item)) this.#putSlowly(Infinity);
  }

  /** Puts an item if there is space; says whether it did. Never blocks. Throws as {@link MpmcQueue.put}. */
  tryPut(item: T): boolean {
    this.#codec.write(this.#item, 0, item);
    if (!this.#created) this.#checkCreated();
    return this.#enqueue();
  }

  /**
   * Puts an item if there is space within `timeoutMs` milliseconds; says whether it did. 0 is `tryPut`, Infinity is `put`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws ClosedError, TypeError, RangeError, NotCreatedError as {@link MpmcQueue.put}
   */
  putFor(item: T, timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    if (this.tryPut(item)) return true;
    return timeoutMs > 0 && this.#putSlowly(deadlineAfter(timeoutMs));
  }

  /**
   * As {@link MpmcQueue.put}, without blocking the thread, for threads that must not. What is put is the item as it was at the call. A
   * pending call keeps the process alive; it rejects as `put` throws.
   */
  async putAsync(item: T): Promise<void> {
    if (this.tryPut(item)) return;
    const words = this.#item.slice();
    const space = this.#space;
    space.enter();
    try {
      for (;;) {
        this.#item.set(words);
        if (this.#enqueue()) return;
        await space.sleepAsync();
      }
    } finally {
      space.leave();
      if (this.#mayPut()) space.wake(1);
    }
  }

  /**
   * Takes the item at the front; blocks while the queue is empty.
   *
   * @throws ClosedError when the queue is closed and everything put has been taken, before or during the wait
   * @throws NotCreatedError when nobody created a queue there
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  take(): T {
    if (!this.#tryTake()) this.#takeSlowly(Infinity);
    return this.#codec.read(this.#item, 0);
  }

  /** Takes the item at the front; undefined when there is none now. Never blocks. Throws as {@link MpmcQueue.take}. */
  tryTake(): T | undefined {
    return this.#tryTake() ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * Takes the item at the front; undefined when none came within `timeoutMs` milliseconds. 0 is `tryTake`, Infinity is
   * `take`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws ClosedError, NotCreatedError, TypeError as {@link MpmcQueue.take}
   */
  takeFor(timeoutMs: number): T | undefined {
    checkTimeout(timeoutMs);
    const taken = this.#tryTake() || (timeoutMs > 0 && this.#takeSlowly(deadlineAfter(timeoutMs)));
    return taken ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * As {@link MpmcQueue.take}, without blocking the thread, for threads that must not. A pending call keeps the process alive; it
   * rejects as `take` throws. When its thread ends, a wake-up for another may end with it.
   */
  async takeAsync(): Promise<T> {
    if (this.#tryTake()) return this.#codec.read(this.#item, 0);
    const items = this.#items;
    items.enter();
    try {
      for (;;) {
        if (this.#dequeue()) return this.#codec.read(this.#item, 0);
        await items.sleepAsync();
      }
    } finally {
      items.leave();
      if (this.#mayTake()) items.wake(1);
    }
  }

  /**
   * Lets nothing more in: puts throw ClosedError, those that wait as well. What is in the queue can still be taken; then
   * takes throw ClosedError. Final. Says whether this call closed it.
   *
   * @throws NotCreatedError when nobody created a queue there
   */
  close(): boolean {
    if (!this.#created) this.#checkCreated();
    // Partner: the load and the compare-exchange of enqueue, the second load of dequeue.
    const before = Atomics.or(this.#view, this.#index + TAIL, CLOSED);
    this.#items.wake(Infinity);
    this.#space.wake(Infinity);
    return (before & CLOSED) === 0;
  }

  /** Whether the queue is closed; it may still hold items. One atomic load. */
  isClosed(): boolean {
    return (Atomics.load(this.#view, this.#index + TAIL) & CLOSED) !== 0;
  }

  /** How many places are taken: items in the queue, and those being put. Out of date when it is returned. Two loads. */
  size(): number {
    const head = Atomics.load(this.#view, this.#index + HEAD);
    return ((Atomics.load(this.#view, this.#index + TAIL) - head) | 0) >> 1;
  }

  /** Claims the place at the tail, fills it and releases it to the takers. False when the queue is full. */
  #enqueue(): boolean {
    const view = this.#view;
    for (;;) {
      // Partner: the compare-exchange of the producer before, the or of close.
      const tail = Atomics.load(view, this.#index + TAIL);
      if ((tail & CLOSED) !== 0) throw this.#closedError('nothing more goes in');
      const cell = this.#cell(tail);
      // Partner: the store of the consumer that freed this cell in the round before.
      const lead = (Atomics.load(view, cell) - tail) | 0;
      if (lead < 0) return false;
      // A lead above 0: another producer was faster, and the tail has moved.
      if (lead > 0) continue;
      // Partner: other producers, of whom one succeeds; close, after which none does.
      if (Atomics.compareExchange(view, this.#index + TAIL, tail, (tail + STEP) | 0) !== tail) continue;
      for (let word = 1; word < this.#stride; word += 1) view[cell + word] = this.#item[word - 1]!; // of this length
      // Partner: the load of the turn by the consumer of this position.
      Atomics.store(view, cell, (tail + FILLED) | 0);
      this.#items.wake(1);
      return true;
    }
  }

  #tryTake(): boolean {
    if (!this.#created) this.#checkCreated();
    return this.#dequeue();
  }

  /** Claims the place at the head, empties it and releases it to the putters. False when the queue is empty. */
  #dequeue(): boolean {
    const view = this.#view;
    for (;;) {
      // Partner: the compare-exchange of the consumer before.
      const head = Atomics.load(view, this.#index + HEAD);
      const cell = this.#cell(head);
      // Partner: the store of the producer that filled this cell.
      const lead = (Atomics.load(view, cell) - (head + FILLED)) | 0;
      if (lead < 0) {
        // Closed at this very position: no producer has claimed it, and none will.
        if (Atomics.load(view, this.#index + TAIL) === (head | CLOSED)) {
          throw this.#closedError('everything that was put has been taken');
        }
        return false;
      }
      if (lead > 0) continue;
      // Partner: other consumers, of whom one succeeds.
      if (Atomics.compareExchange(view, this.#index + HEAD, head, (head + STEP) | 0) !== head) continue;
      for (let word = 1; word < this.#stride; word += 1) this.#item[word - 1] = view[cell + word]!; // a checked cell
      // Partner: the load of the turn by the producer of the next round.
      Atomics.store(view, cell, (head + this.#capacity * STEP) | 0);
      this.#space.wake(1);
      return true;
    }
  }

  #putSlowly(deadline: number): boolean {
    const space = this.#space;
    space.enter();
    try {
      for (;;) {
        if (this.#enqueue()) return true;
        const remainingMs = remainingUntil(deadline);
        if (remainingMs <= 0) return false;
        space.sleep(remainingMs);
      }
    } finally {
      space.leave();
      // A wake-up may have come here for a place further on, whose turn it is only now: pass it on.
      if (this.#mayPut()) space.wake(1);
    }
  }

  #takeSlowly(deadline: number): boolean {
    const items = this.#items;
    items.enter();
    try {
      for (;;) {
        if (this.#dequeue()) return true;
        const remainingMs = remainingUntil(deadline);
        if (remainingMs <= 0) return false;
        items.sleep(remainingMs);
      }
    } finally {
      items.leave();
      // Items may be filled out of order: then one consumer is woken twice for two of them, and another not at all.
      if (this.#mayTake()) items.wake(1);
    }
  }

  /** Whether a put would not wait: there is space, or the queue is closed. */
  #mayPut(): boolean {
    const tail = Atomics.load(this.#view, this.#index + TAIL);
    if ((tail & CLOSED) !== 0) return true;
    return ((Atomics.load(this.#view, this.#cell(tail)) - tail) | 0) >= 0;
  }

  /** Whether a take would not wait: there is an item, or the queue is closed and drained. */
  #mayTake(): boolean {
    const head = Atomics.load(this.#view, this.#index + HEAD);
    if (((Atomics.load(this.#view, this.#cell(head)) - (head + FILLED)) | 0) >= 0) return true;
    return Atomics.load(this.#view, this.#index + TAIL) === (head | CLOSED);
  }

  /** The cell of a position, given as head or tail. */
  #cell(position: number): number {
    return this.#index + CELLS + ((position >>> 1) & (this.#capacity - 1)) * this.#stride;
  }

  #checkCreated(): void {
    checkCreated(this.handle, 'MpmcQueue');
    this.#created = true;
  }

  #closedError(why: string): ClosedError {
    return new ClosedError(`the MpmcQueue at index ${this.#index} is closed: ${why}`);
  }
}
