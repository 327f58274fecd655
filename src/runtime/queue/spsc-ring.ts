/**
 * A ring between one producer and one consumer (Lamport, "Proving the correctness of multiprocess programs", 1977), each
 * of whom keeps a copy of the other's index and reads the index itself only when the copy says full or empty (Lee, Bu,
 * Chandranmenon, "A lock-free, cache-efficient shared ring buffer", 2009). Departures: indices are published by
 * compare-exchange in place of a store, which costs the same on x86: so a close cannot be overwritten, and a second producer
 * or consumer is found out, and so is a thread that sleeps: its bit is in the word that wakes it, and who moves that word on
 * pays nothing for looking.
 */
import type { Codec } from '../codec.ts';
import { ClosedError, RoleTakenError } from '../errors.ts';
import { wholeLines } from '../line.ts';
import { gaveUp, type SleepEnd, sleep, sleepAsync } from '../sync/sleep.ts';
import { checkTimeout, deadlineAfter } from '../timeout.ts';
import { checkCapacity, checkCreated, checkQueue, type QueueHandle, writeShape } from './queue-handle.ts';

// Cells from the index on, each of the first three groups on a line of its own:
//    0 shape   capacity, words of an item; constant after create
//   16 tail    { position: bits 2 to 31, asleep: bit 1, closed: bit 0 }: the next position to be put; the producer's, but for
//              the bits. Asleep: the consumer may sleep on this word, and must be notified when it moves on.
//   32 head    { position: bits 2 to 31, asleep: bit 1 }: the next position to be taken; the consumer's, but for the bit.
//              Asleep: the producer may sleep on this word.
//   48 slots   capacity times the words of an item; position p is in slot p modulo the capacity
// From head to before tail the slots are filled, and the consumer's; the others are the producer's.
// Positions wrap modulo 2^30, and differences of the words are taken modulo 2^32.
const TAIL = 16;
const HEAD = 32;
const SLOTS = 48;
const CLOSED = 1;
const ASLEEP = 2;
const FLAGS = CLOSED | ASLEEP;
const STEP = 4;
const STEP_SHIFT = 2;

/**
 * A first-in first-out queue of fixed capacity from one thread to one other. Items are values of a codec: fixed-size
 * records of Int32 words, so putting one allocates nothing. Lives in Int32 cells of shared memory, from a cache line on;
 * the object is a handle of one thread, which uses it for one side (or, alone, for both).
 *
 * Everything written before a put is visible after the take of that item. A side may be handed to another thread, which
 * then attaches anew; two handles that put, or two that take, in turns or at once, get RoleTakenError.
 * A thread that is killed in the middle of an operation leaves the ring usable: the item was put (taken) or was not.
 *
 * Cost without waiting: 1 atomic operation a put or a take (a compare-exchange), and a load when the copy of the other index
 * is used up: once in `capacity` items at best.
 */
export class SpscRing<T> {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #capacity: number;
  readonly #codec: Codec<T>;
  /** The words of one item, this handle's own: codecs run on it. */
  readonly #item: Int32Array;
  /** Copies of the indices, without the bits. Each side's own is exact, the other's may lag behind. */
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
    for (;;) {
      this.#item.set(words);
      if (this.#enqueue()) return;
      await this.#sleepAsync(HEAD);
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
    for (;;) {
      if (this.#dequeue()) return this.#codec.read(this.#item, 0);
      await this.#sleepAsync(TAIL);
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
    // A producer that announced itself before this may not sleep yet: the changed word keeps it from that.
    Atomics.and(this.#view, this.#index + HEAD, ~ASLEEP);
    Atomics.notify(this.#view, this.#index + TAIL);
    Atomics.notify(this.#view, this.#index + HEAD);
    return (before & CLOSED) === 0;
  }

  /** Whether the ring is closed; it may still hold items. One atomic load. */
  isClosed(): boolean {
    return (Atomics.load(this.#view, this.#index + TAIL) & CLOSED) !== 0;
  }

  /** How many items are in the ring; exact for its two threads while the other is idle. Two atomic loads. */
  size(): number {
    const head = Atomics.load(this.#view, this.#index + HEAD) & ~FLAGS;
    return (((Atomics.load(this.#view, this.#index + TAIL) & ~FLAGS) - head) | 0) >> STEP_SHIFT;
  }

  /** False when the ring is full. */
  #enqueue(): boolean {
    const view = this.#view;
    const tail = this.#tail;
    if (this.#isFull()) {
      // Partner: the consumer's compare-exchange: what it read of the slot must come before what is written there.
      this.#head = Atomics.load(view, this.#index + HEAD) & ~FLAGS;
      if (this.#isFull()) {
        if (this.isClosed()) throw this.#closedError('nothing more goes in');
        return false;
      }
    }
    const slot = this.#slot(tail);
    for (let word = 0; word < this.#item.length; word += 1) view[slot + word] = this.#item[word]!; // in range
    // Partner: the consumer's load of the tail, which must see the item.
    const found = this.#advance(TAIL, tail);
    if (found !== tail) {
      if ((found & ~ASLEEP) === (tail | CLOSED)) throw this.#closedError('nothing more goes in');
      throw this.#roleTakenError('put into', 'producer');
    }
    this.#tail = (tail + STEP) | 0;
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
      const word = Atomics.load(view, this.#index + TAIL);
      this.#tail = word & ~FLAGS;
      if (this.#tail === head) {
        if ((word & CLOSED) !== 0) throw this.#closedError('everything that was put has been taken');
        return false;
      }
    }
    const slot = this.#slot(head);
    for (let word = 0; word < this.#item.length; word += 1) this.#item[word] = view[slot + word]!; // a checked cell
    // Partner: the producer's load of the head, after which it may overwrite the slot.
    if (this.#advance(HEAD, head) !== head) throw this.#roleTakenError('taken from', 'consumer');
    this.#head = (head + STEP) | 0;
    return true;
  }

  /** Moves the word on by one position, and wakes who sleeps on it. Returns `from`, or what it found instead, unchanged. */
  #advance(cell: number, from: number): number {
    const to = (from + STEP) | 0;
    for (let seen = from; ; ) {
      // Partner: the compare-exchange of announce: this one finds its bit, or that one finds the word moved on.
      const found = Atomics.compareExchange(this.#view, this.#index + cell, seen, to);
      if (found === seen) {
        // A thread that dies here would leave a sleeper behind; engines end threads at calls and loops only.
        if (seen !== from) Atomics.notify(this.#view, this.#index + cell);
        return from;
      }
      if ((found & ~ASLEEP) !== from) return found;
      seen = found;
    }
  }

  /**
   * Marks the other side's word: this side will sleep on it, as it found the ring full (head) or empty (tail) there. Returns
   * whether the mark is new; undefined when the word has moved on or the ring is closed: look again.
   */
  #announce(cell: number): boolean | undefined {
    // Full or empty: the position is this handle's copy of the head, in both cases.
    const position = this.#head;
    const found = Atomics.compareExchange(this.#view, this.#index + cell, position, position | ASLEEP);
    if ((found & ~ASLEEP) !== position) return undefined;
    // Partner: the or of close. A close after this look takes the mark away, and the thread does not fall asleep.
    return cell === HEAD && this.isClosed() ? undefined : found === position;
  }

  /** Sleeps until the word moves on, as far as one can tell. */
  #sleep(cell: number, deadline: number): SleepEnd {
    const isNew = this.#announce(cell);
    if (isNew === undefined) return 'woken';
    const word = this.#head | ASLEEP;
    // Partner: the notify of advance or close.
    const end = sleep(this.#view, this.#index + cell, word, deadline);
    // A mark that was there before is that of another caller of this thread, which sleeps without blocking.
    if (end !== 'woken' && isNew) Atomics.compareExchange(this.#view, this.#index + cell, word, this.#head);
    return end;
  }

  async #sleepAsync(cell: number): Promise<void> {
    if (this.#announce(cell) !== undefined)
      await sleepAsync(this.#view, this.#index + cell, this.#head | ASLEEP);
  }

  #putSlowly(deadline: number): boolean {
    for (let end: SleepEnd = 'woken'; ; ) {
      if (this.#enqueue()) return true;
      if (end !== 'woken') return gaveUp(end);
      end = this.#sleep(HEAD, deadline);
    }
  }

  #takeSlowly(deadline: number): boolean {
    for (let end: SleepEnd = 'woken'; ; ) {
      if (this.#dequeue()) return true;
      if (end !== 'woken') return gaveUp(end);
      end = this.#sleep(TAIL, deadline);
    }
  }

  #isFull(): boolean {
    return ((this.#tail - this.#head) | 0) >= this.#capacity * STEP;
  }

  /** The first cell of the slot of a position, given as head or tail. */
  #slot(position: number): number {
    return this.#index + SLOTS + ((position >>> STEP_SHIFT) & (this.#capacity - 1)) * this.#item.length;
  }

  /** Takes the present indices for this handle's copies. */
  #begin(): void {
    checkCreated(this.handle, 'SpscRing');
    // The head first: read the other way round, more than the capacity could seem to be between them.
    this.#head = Atomics.load(this.#view, this.#index + HEAD) & ~FLAGS;
    this.#tail = Atomics.load(this.#view, this.#index + TAIL) & ~FLAGS;
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
