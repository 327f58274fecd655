/**
 * A latest-wins inbox: a ring that drops its oldest item to make room for a new one. A mutex guards it, and not sequence
 * numbers a cell as in MpmcQueue: dropping and putting must be one step, or a taker could find the inbox empty in between.
 */
import type { Codec } from '../codec.ts';
import { ClosedError } from '../errors.ts';
import { wholeLines } from '../line.ts';
import { Mutex } from '../sync/mutex.ts';
import { currentThreadId } from '../thread.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { EventCount } from './event-count.ts';
import { checkCapacity, checkCreated, checkQueue, type QueueHandle, writeShape } from './queue-handle.ts';

// Cells from the index on:
//    0 shape    capacity, words of an item; constant after create
//   16 mutex    guards all that follows, which is accessed plainly
//   17 closed   1 when it is
//   18 oldest   slot of the oldest item
//   19 queued   items in the inbox; they are in the slots from the oldest on, modulo the capacity
//   20 taken, 21 dropped   since create, modulo 2^32
//   32 items    event count of those who wait for an item
//   48 slots    capacity times the words of an item
// Invariant: offered = taken + dropped + queued. It is kept by not storing `offered`.
const MUTEX = 16;
const CLOSED = 17;
const OLDEST = 18;
const QUEUED = 19;
const TAKEN = 20;
const DROPPED = 21;
const ITEMS = 32;
const SLOTS = 48;

/** What became of the items, at one moment: `offered = taken + dropped + queued`. Counts wrap after 2^32. */
export interface InboxStats {
  readonly offered: number;
  readonly taken: number;
  readonly dropped: number;
  readonly queued: number;
}

/**
 * Holds the latest items of any number of senders for any number of takers: an offer never waits for space, it drops
 * the oldest item, which then nobody takes. Items are values of a codec: fixed-size records of Int32 words. Lives in
 * Int32 cells of shared memory, from a cache line on; the object is one thread's handle.
 *
 * Items leave in the order in which they came; everything written before an offer is visible after the take of its item.
 * When a thread dies inside, the state may be half changed: `mutex.poison(id)` makes that known.
 *
 * Cost without waiting: an offer is one lock, unlock and atomic load; a take is one lock and unlock.
 */
export class Inbox<T> {
  /** Guards the inbox. Public for inspection and for `poison`; do not hold it around calls. */
  readonly mutex: Mutex;
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #capacity: number;
  readonly #codec: Codec<T>;
  readonly #items: EventCount;
  /** The words of one item, this handle's own: codecs run on it, never under the lock. */
  readonly #item: Int32Array;
  #created = false;

  private constructor(handle: QueueHandle, codec: Codec<T>, owner: number) {
    const { view, index, capacity, words } = handle;
    checkCapacity(capacity, false, 'an Inbox');
    checkQueue(handle, codec, Inbox.cells(capacity, codec), 'an Inbox');
    this.#view = view;
    this.#index = index;
    this.#capacity = capacity;
    this.#codec = codec;
    this.#items = new EventCount(view, index + ITEMS);
    this.#item = new Int32Array(words);
    this.mutex = Mutex.attach(view, index + MUTEX, owner);
  }

  /** Int32 cells that an inbox takes: whole lines. */
  static cells(capacity: number, codec: Codec<unknown>): number {
    return SLOTS + wholeLines(capacity * codec.words);
  }

  /**
   * Makes `Inbox.cells(capacity, codec)` cells from `index` on an empty, open inbox. One thread creates; the others
   * attach.
   *
   * @param capacity most items in it
   * @param owner id of the thread that uses this handle; the caller's by default. See Mutex.
   * @throws RangeError when the capacity is no integer from 1 to 2^24, or the owner no thread id
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   * @throws AlignmentError when the first cell does not begin a cache line
   */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    capacity: number,
    codec: Codec<T>,
    owner: number = currentThreadId(),
  ): Inbox<T> {
    const inbox = new Inbox({ view, index, capacity, words: codec.words }, codec, owner);
    view.fill(0, index, index + Inbox.cells(capacity, codec));
    Mutex.create(view, index + MUTEX, owner);
    writeShape(inbox.handle);
    return inbox;
  }

  /**
   * This thread's handle on an inbox that was created elsewhere. Touches no cell. Throws as `create`, and TypeError when
   * the codec is for items of another size.
   */
  static attach<T>(handle: QueueHandle, codec: Codec<T>, owner: number = currentThreadId()): Inbox<T> {
    return new Inbox(handle, codec, owner);
  }

  /** What to send to other threads. */
  get handle(): QueueHandle {
    return { view: this.#view, index: this.#index, capacity: this.#capacity, words: this.#codec.words };
  }

  /**
   * Puts an item at the end, in the place of the oldest one when the inbox is full; says whether that was dropped.
   * Waits for nothing but its turn.
   *
   * @throws ClosedError when the inbox is closed
   * @throws TypeError, RangeError when the item is none of the codec's; nothing is put and nothing dropped
   * @throws PoisonedError when a thread died inside
   * @throws NotCreatedError when nobody created an inbox there
   */
  offer(item: T): boolean {
    this.#codec.write(this.#item, 0, item);
    this.#lock();
    let full = false;
    try {
      full = this.#offer();
    } finally {
      this.mutex.unlock();
    }
    this.#items.wake(1);
    return full;
  }

  /**
   * As {@link Inbox.offer}, without blocking the thread, for threads that must not wait even for their turn. What is put is the item as
   * it was at the call. A pending call keeps the process alive; it rejects as `offer` throws.
   */
  async offerAsync(item: T): Promise<boolean> {
    this.#codec.write(this.#item, 0, item);
    const words = this.#item.slice();
    this.#checkCreated();
    const full = await this.mutex.runAsync(() => {
      this.#item.set(words);
      return this.#offer();
    });
    this.#items.wake(1);
    return full;
  }

  /**
   * Takes the oldest item; blocks while the inbox is empty.
   *
   * @throws ClosedError when the inbox is closed and empty, before or during the wait
   * @throws PoisonedError when a thread died inside
   * @throws NotCreatedError when nobody created an inbox there
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  take(): T {
    if (!this.#tryTake()) this.#takeSlowly(Infinity);
    return this.#codec.read(this.#item, 0);
  }

  /** Takes the oldest item; undefined when there is none. Waits for nothing but its turn. Throws as {@link Inbox.take}. */
  tryTake(): T | undefined {
    return this.#tryTake() ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * Takes the oldest item; undefined when none came within `timeoutMs` milliseconds. 0 is `tryTake`, Infinity is `take`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws ClosedError, PoisonedError, NotCreatedError, TypeError as {@link Inbox.take}
   */
  takeFor(timeoutMs: number): T | undefined {
    checkTimeout(timeoutMs);
    const taken = this.#tryTake() || (timeoutMs > 0 && this.#takeSlowly(deadlineAfter(timeoutMs)));
    return taken ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * As {@link Inbox.take}, without blocking the thread, for threads that must not. A pending call keeps the process alive; it
   * rejects as `take` throws. When its thread ends, a wake-up for another may end with it.
   */
  async takeAsync(): Promise<T> {
    this.#checkCreated();
    const items = this.#items;
    items.enter();
    try {
      for (;;) {
        const epoch = items.epoch();
        const taken = await this.mutex.runAsync(() =>
          this.#take() ? { item: this.#codec.read(this.#item, 0) } : undefined,
        );
        if (taken !== undefined) return taken.item;
        await items.sleepAsync(epoch);
      }
    } finally {
      items.leave();
    }
  }

  /**
   * Lets nothing more in. What is in the inbox can still be taken; then takes throw ClosedError, those that wait as well.
   * Final. Says whether this call closed it.
   *
   * @throws PoisonedError when a thread died inside
   * @throws NotCreatedError when nobody created an inbox there
   */
  close(): boolean {
    this.#lock();
    const wasOpen = this.#cell(CLOSED) === 0;
    this.#view[this.#index + CLOSED] = 1;
    this.mutex.unlock();
    this.#items.wake(Infinity);
    return wasOpen;
  }

  /**
   * Whether the inbox is closed; it may still hold items. One lock and unlock.
   *
   * @throws PoisonedError, NotCreatedError as {@link Inbox.take}
   */
  isClosed(): boolean {
    this.#lock();
    const closed = this.#cell(CLOSED) !== 0;
    this.mutex.unlock();
    return closed;
  }

  /**
   * The counts, consistent with each other. One lock and unlock.
   *
   * @throws PoisonedError, NotCreatedError as {@link Inbox.take}
   */
  stats(): InboxStats {
    this.#lock();
    const taken = this.#cell(TAKEN) >>> 0;
    const dropped = this.#cell(DROPPED) >>> 0;
    const queued = this.#cell(QUEUED);
    this.mutex.unlock();
    return { offered: (taken + dropped + queued) >>> 0, taken, dropped, queued };
  }

  #lock(): void {
    this.#checkCreated();
    this.mutex.lock();
  }

  #checkCreated(): void {
    if (this.#created) return;
    checkCreated(this.handle, 'Inbox');
    this.#created = true;
  }

  #tryTake(): boolean {
    this.#lock();
    try {
      return this.#take();
    } finally {
      this.mutex.unlock();
    }
  }

  #takeSlowly(deadline: number): boolean {
    const items = this.#items;
    items.enter();
    try {
      for (;;) {
        const epoch = items.epoch();
        if (this.#tryTake()) return true;
        const remainingMs = remainingUntil(deadline);
        if (remainingMs <= 0) return false;
        items.sleep(epoch, remainingMs);
      }
    } finally {
      items.leave();
    }
  }

  // Below: under the lock.

  /** Puts `#item`, in the place of the oldest one when the inbox is full; says whether it is. */
  #offer(): boolean {
    if (this.#cell(CLOSED) !== 0) throw this.#closedError('nothing more goes in');
    const full = this.#cell(QUEUED) === this.#capacity;
    if (full) this.#drop();
    this.#append();
    return full;
  }

  /** Takes the oldest item into `#item`; false when there is none. */
  #take(): boolean {
    if (this.#cell(QUEUED) > 0) {
      this.#removeOldest();
      return true;
    }
    if (this.#cell(CLOSED) !== 0) throw this.#closedError('everything in it has been taken');
    return false;
  }

  #drop(): void {
    this.#advance();
    this.#view[this.#index + DROPPED] = this.#cell(DROPPED) + 1;
  }

  #append(): void {
    const slot = this.#slot(this.#cell(OLDEST) + this.#cell(QUEUED));
    for (let word = 0; word < this.#item.length; word += 1) this.#view[slot + word] = this.#item[word]!; // in range
    this.#view[this.#index + QUEUED] = this.#cell(QUEUED) + 1;
  }

  #removeOldest(): void {
    const slot = this.#slot(this.#cell(OLDEST));
    for (let word = 0; word < this.#item.length; word += 1) this.#item[word] = this.#view[slot + word]!; // checked
    this.#advance();
    this.#view[this.#index + TAKEN] = this.#cell(TAKEN) + 1;
  }

  #advance(): void {
    this.#view[this.#index + OLDEST] = (this.#cell(OLDEST) + 1) % this.#capacity;
    this.#view[this.#index + QUEUED] = this.#cell(QUEUED) - 1;
  }

  #slot(number: number): number {
    return this.#index + SLOTS + (number % this.#capacity) * this.#item.length;
  }

  #cell(cell: number): number {
    return this.#view[this.#index + cell]!; // the constructor checked that all cells are in the view
  }

  #closedError(why: string): ClosedError {
    return new ClosedError(`the Inbox at index ${this.#index} is closed: ${why}`);
  }
}
