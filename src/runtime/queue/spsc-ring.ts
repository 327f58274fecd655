/**
 * A ring between one producer and one consumer (Lamport, "Proving the correctness of multiprocess programs", 1977), each
 * of whom keeps a copy of the other's index and reads the index itself only when the copy says full or empty (Lee, Bu,
 * Chandranmenon, "A lock-free, cache-efficient shared ring buffer", 2009). Departures: indices are published by
 * compare-exchange in place of a store, which costs the same on x86: so a close cannot be overwritten, and a second producer
 * or consumer is found out; threads sleep on counted wake-ups.
 */
import type { Codec } from '../codec.ts';
import { ClosedError, RoleTakenError } from '../errors.ts';
import { wholeLines } from '../line.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { checkCapacity, checkCreated, checkQueue, type QueueHandle, writeShape } from './queue-handle.ts';
import { WakeUps } from './wake-ups.ts';

// Cells from the index on, each of the first five groups on a line of its own:
//    0 shape   capacity, words of an item; constant after create
//   16 tail    { position: bits 1 to 31, closed: bit 0 }: the next position to be put; the producer's, but for the bit
//   32 head    { position: bits 1 to 31 }: the next position to be taken; the consumer's
//   48 items   wake-ups of the consumer
//   64 space   wake-ups of the producer
//   80 slots   capacity times the words of an item; position p is in slot p modulo the capacity
// From head to before tail the slots are filled, and the consumer's; the others are the producer's.
// Positions wrap modulo 2^31, and differences of the words are taken modulo 2^32.
const TAIL = 16;
const HEAD = 32;
const ITEMS = 48;
const SPACE = 64;
const SLOTS = 80;
const CLOSED = 1;
const STEP = 2;

/**
 * A first-in first-out queue of fixed capacity from one thread to one other. Items are values of a codec: fixed-size
 * records of Int32 words, so putting one allocates nothing. Lives in Int32 cells of shared memory, from a cache line on;
 * the object is a handle of one thread, which uses it for one side (or, alone, for both).
 *
 * Everything written before a put is visible after the take of that item. A side may be handed to another thread, which
 * then attaches anew; two handles that put, or two that take, in turns or at once, get RoleTakenError.
 * A thread that is killed in the middle of an operation leaves the ring usable: the item was put (taken) or was not.
 *
 * Cost without waiting: 2 atomic operations a put or a take (a compare-exchange, a load), and one load more when the copy
 * of the other index is used up: once in `capacity` items at best.
 */
export class SpscRing<T> {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #capacity: number;
  readonly #codec: Codec<T>;
  readonly #items: WakeUps;
  readonly #space: WakeUps;
  /** The words of one item, this handle's own: codecs run on it. */
  readonly #item: Int32Array;
  /** Copies of the indices, without the closed bit. Each side's own is exact, the other's may lag behind. */
  #tail = 0;
  #head = 0;
  /** Whether this handle has read the indices. */
  #begun = false;

  private constructor(handle: QueueHandle, codec: Codec<T>) {
    const { view, index, capacity, words } = handle;
    checkCapacity(capacity, true, 'an SpscRing');
    checkQueue(handle, codec, SpscRing.cells(capacity, codec), 'an SpscRing');
    this.#view = view;
    this.#index = index;
    this.#capacity = capacity;
    this.#codec = codec;
    this.#items = new WakeUps(view, index + ITEMS);
    this.#space = new WakeUps(view, index + SPACE);
    this.#item = new Int32Array(words);
  }

  /** Int32 cells that a ring takes: whole lines. */
  static cells(capacity: number, codec: Codec<unknown>): number {
    return SLOTS + wholeLines(capacity * codec.words);
  }

  /**
   * Makes `SpscRing.cells(capacity, codec)` cells from `index` on an empty, open ring. One thread creates; the others
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
  ): SpscRing<T> {
    const ring = new SpscRing({ view, index, capacity, words: codec.words }, codec);
    view.fill(0, index, index + SpscRing.cells(capacity, codec));
    writeShape(ring.handle);
    return ring;
  }

  /**
   * A handle on a ring that was created elsewhere. Touches no cell. Throws as `create`, and TypeError when the codec is
   * for items of another size.
   */
  static attach<T>(handle: QueueHandle, codec: Codec<T>): SpscRing<T> {
    return new SpscRing(handle, codec);
  }

  /** What to send to other threads. */
  get handle(): QueueHandle {
    return { view: this.#view, index: this.#index, capacity: this.#capacity, words: this.#codec.words };
  }

  /**
   * Puts an item at the end; blocks while the ring is full.
   *
   * @throws ClosedError when the ring is closed, before or during the wait
   * @throws RoleTakenError when another handle has put since this one began; an item in the ring may have been damaged
   * @throws TypeError, RangeError when the item is none of the codec's; nothing is put
   * @throws NotCreatedError when nobody created a ring there
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  put(item: T): void {
    if (!this.tryPut(item)) this.#putSlowly(Infinity);
  }

  /** Puts an item if there is space; says whether it did. Never blocks. Throws as {@link SpscRing.put}. */
  tryPut(item: T): boolean {
    this.#codec.write(this.#item, 0, item);
    if (!this.#begun) this.#begin();
    return this.#enqueue();
  }

  /**
   * Puts an item if there is space within `timeoutMs` milliseconds; says whether it did. 0 is `tryPut`, Infinity is `put`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws ClosedError, RoleTakenError, TypeError, RangeError, NotCreatedError as {@link SpscRing.put}
   */
  putFor(item: T, timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    if (this.tryPut(item)) return true;
    return timeoutMs > 0 && this.#putSlowly(deadlineAfter(timeoutMs));
  }

  /**
   * As {@link SpscRing.put}, without blocking the thread, for threads that must not. What is put is the item as it was at the call. A
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
    }
  }

  /**
   * Takes the item at the front; blocks while the ring is empty.
   *
   * @throws ClosedError when the ring is closed and everything put has been taken, before or during the wait
   * @throws RoleTakenError when another handle has taken since this one began; nothing is taken
   * @throws NotCreatedError when nobody created a ring there
   * @throws TypeError on threads that must not block: use the `Async` form there
   */
  take(): T {
    if (!this.#tryTake()) this.#takeSlowly(Infinity);
    return this.#codec.read(this.#item, 0);
  }

  /** Takes the item at the front; undefined when there is none now. Never blocks. Throws as {@link SpscRing.take}. */
  tryTake(): T | undefined {
    return this.#tryTake() ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * Takes the item at the front; undefined when none came within `timeoutMs` milliseconds. 0 is `tryTake`, Infinity is
   * `take`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws ClosedError, RoleTakenError, NotCreatedError, TypeError as {@link SpscRing.take}
   */
  takeFor(timeoutMs: number): T | undefined {
    checkTimeout(timeoutMs);
    const taken = this.#tryTake() || (timeoutMs > 0 && this.#takeSlowly(deadlineAfter(timeoutMs)));
    return taken ? this.#codec.read(this.#item, 0) : undefined;
  }

  /**
   * As {@link SpscRing.take}, without blocking the thread, for threads that must not. A pending call keeps the process alive; it
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
    }
  }

  /**
   * Lets nothing more in: puts throw ClosedError, one that waits as well. What is in the ring can still be taken; then
   * takes throw ClosedError. Final; any thread may call it. Says whether this call closed it.
   *
   * @throws NotCreatedError when nobody created a ring there
   */
  close(): boolean {
    if (!this.#begun) this.#begin();
    // Partner: the compare-exchange of the producer, which fails from now on; the load of the tail by the consumer.
    const before = Atomics.or(this.#view, this.#index + TAIL, CLOSED);
    this.#items.wake(Infinity);
    this.#space.wake(Infinity);
    return (before & CLOSED) === 0;
  }

  /** Whether the ring is closed; it may still hold items. One atomic load. */
  isClosed(): boolean {
    return (Atomics.load(this.#view, this.#index + TAIL) & CLOSED) !== 0;
  }

  /** How many items are in the ring; exact for its two threads while the other is idle. Two atomic loads. */
  size(): number {
    const head = Atomics.load(this.#view, this.#index + HEAD);
    return ((Atomics.load(this.#view, this.#index + TAIL) - head) | 0) >> 1;
  }

  /** False when the ring is full. */
  #enqueue(): boolean {
    const view = this.#view;
    const tail = this.#tail;
    if (this.#isFull()) {
      // Partner: the consumer's compare-exchange: what it read of the slot must come before what is written there.
      this.#head = Atomics.load(view, this.#index + HEAD);
      if (this.#isFull()) {
        if (this.isClosed()) throw this.#closedError('nothing more goes in');
        return false;
      }
    }
    const slot = this.#slot(tail);
    for (let word = 0; word < this.#item.length; word += 1) view[slot + word] = this.#item[word]!; // in range
    const next = (tail + STEP) | 0;
    // Partner: the consumer's load of the tail, which must see the item.
    const found = Atomics.compareExchange(view, this.#index + TAIL, tail, next);
    if (found !== tail) {
      if (found === (tail | CLOSED)) throw this.#closedError('nothing more goes in');
      throw this.#roleTakenError('put into', 'producer');
    }
    this.#tail = next;
    this.#items.wake(1);
    return true;
  }

  #tryTake(): boolean {
    if (!this.#begun) this.#begin();
    return this.#dequeue();
  }

  /** False when the ring is empty. */
  #dequeue(): boolean {
    const view = this.#view;
    const head = this.#head;
    if (this.#tail === head) {
      // Partner: the producer's compare-exchange, the or of close.
      const tail = Atomics.load(view, this.#index + TAIL);
      if (tail === (head | CLOSED)) throw this.#closedError('everything that was put has been taken');
      if (tail === head) return false;
      this.#tail = tail & ~CLOSED;
    }
    const slot = this.#slot(head);
    for (let word = 0; word < this.#item.length; word += 1) this.#item[word] = view[slot + word]!; // a checked cell
    const next = (head + STEP) | 0;
    // Partner: the producer's load of the head, after which it may overwrite the slot.
    if (Atomics.compareExchange(view, this.#index + HEAD, head, next) !== head) {
      throw this.#roleTakenError('taken from', 'consumer');
    }
    this.#head = next;
    this.#space.wake(1);
    return true;
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
    }
  }

  #isFull(): boolean {
    return ((this.#tail - this.#head) | 0) >= this.#capacity * STEP;
  }

  /** The first cell of the slot of a position, given as head or tail. */
  #slot(position: number): number {
    return this.#index + SLOTS + ((position >>> 1) & (this.#capacity - 1)) * this.#item.length;
  }

  /** Takes the present indices for this handle's copies. */
  #begin(): void {
    checkCreated(this.handle, 'SpscRing');
    // The head first: read the other way round, more than the capacity could seem to be between them.
    this.#head = Atomics.load(this.#view, this.#index + HEAD);
    this.#tail = Atomics.load(this.#view, this.#index + TAIL) & ~CLOSED;
    this.#begun = true;
  }

  #roleTakenError(what: string, role: string): RoleTakenError {
    return new RoleTakenError(
      `another handle has ${what} the SpscRing at index ${this.#index}: it has one ${role}; ` +
        'attach anew when the side was handed over, or use an MpmcQueue',
    );
  }

  #closedError(why: string): ClosedError {
    return new ClosedError(`the SpscRing at index ${this.#index} is closed: ${why}`);
  }
}
