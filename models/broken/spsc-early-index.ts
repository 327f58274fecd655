/**
 * A ring between one producer and one consumer that publishes the index, wakes the consumer, and only then writes the item.
 *
 * Fault. Shortest interleaving, 3 steps: T0 compare-exchange of the tail; T1 load of the tail, takes what is in the
 * slot: an item of the last round, or nothing; T0 writes the item, which nobody takes.
 * (A write right after the compare-exchange, with no step between the two, would be the same fault; schedules of steps cannot part those.)
 *
 * Odds: see properties/broken.ts
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { ClosedError } from '../../src/runtime/errors.ts';
import { EventCount } from '../../src/runtime/queue/event-count.ts';
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';

// Cells from the index on: tail { position, closed: bit 0 }, head; event counts of items and of space; then the slots.
// Positions count in twos.
const TAIL = 0;
const HEAD = 1;
const ITEMS = 2;
const SPACE = 4;
const SLOTS = 6;
const CLOSED = 1;

/** A ring whose consumer may be too early. */
export class EarlyIndexRing<T> {
  readonly handle: QueueHandle;
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #codec: Codec<T>;
  readonly #items: EventCount;
  readonly #space: EventCount;
  #taken: T | undefined;

  private constructor(handle: QueueHandle, codec: Codec<T>) {
    this.handle = handle;
    this.#view = handle.view;
    this.#index = handle.index;
    this.#codec = codec;
    this.#items = new EventCount(handle.view, handle.index + ITEMS);
    this.#space = new EventCount(handle.view, handle.index + SPACE);
  }

  /** An empty, open ring in cells that are 0. */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    capacity: number,
    codec: Codec<T>,
  ): EarlyIndexRing<T> {
    return new EarlyIndexRing({ view, index, capacity, words: codec.words }, codec);
  }

  /** A handle on a ring that was created elsewhere. Touches no cell. */
  static attach<T>(handle: QueueHandle, codec: Codec<T>): EarlyIndexRing<T> {
    return new EarlyIndexRing(handle, codec);
  }

  put(item: T): void {
    this.putFor(item, Infinity);
  }

  tryPut(item: T): boolean {
    const tail = Atomics.load(this.#view, this.#index + TAIL);
    if ((tail & CLOSED) !== 0) throw new ClosedError('the ring is closed');
    if (tail - Atomics.load(this.#view, this.#index + HEAD) === 2 * this.handle.capacity) return false;
    if (Atomics.compareExchange(this.#view, this.#index + TAIL, tail, tail + 2) !== tail) {
      throw new ClosedError('the ring is closed');
    }
    this.#items.wake(1);
    // FAULT Q3: the consumer may have been here already. Write first, then publish.
    this.#codec.write(this.#view, this.#slot(tail), item);
    return true;
  }

  putFor(item: T, timeoutMs: number): boolean {
    const deadline = performance.now() + timeoutMs;
    this.#space.enter();
    try {
      for (;;) {
        const epoch = this.#space.epoch();
        if (this.tryPut(item)) return true;
        const remainingMs = deadline - performance.now();
        if (remainingMs <= 0) return false;
        this.#space.sleep(epoch, remainingMs);
      }
    } finally {
      this.#space.leave();
    }
  }

  take(): T | undefined {
    return this.takeFor(Infinity);
  }

  tryTake(): T | undefined {
    return this.#dequeue() ? this.#taken : undefined;
  }

  takeFor(timeoutMs: number): T | undefined {
    const deadline = performance.now() + timeoutMs;
    this.#items.enter();
    try {
      for (;;) {
        const epoch = this.#items.epoch();
        if (this.#dequeue()) return this.#taken;
        const remainingMs = deadline - performance.now();
        if (remainingMs <= 0) return undefined;
        this.#items.sleep(epoch, remainingMs);
      }
    } finally {
      this.#items.leave();
    }
  }

  close(): boolean {
    const before = Atomics.or(this.#view, this.#index + TAIL, CLOSED);
    this.#items.wake(Infinity);
    this.#space.wake(Infinity);
    return (before & CLOSED) === 0;
  }

  isClosed(): boolean {
    return (Atomics.load(this.#view, this.#index + TAIL) & CLOSED) !== 0;
  }

  #dequeue(): boolean {
    const head = Atomics.load(this.#view, this.#index + HEAD);
    const tail = Atomics.load(this.#view, this.#index + TAIL);
    if (tail === (head | CLOSED)) throw new ClosedError('the ring is closed');
    if (tail === head) return false;
    this.#taken = this.#codec.read(this.#view, this.#slot(head));
    Atomics.store(this.#view, this.#index + HEAD, head + 2);
    this.#space.wake(1);
    return true;
  }

  #slot(position: number): number {
    return this.#index + SLOTS + ((position >>> 1) % this.handle.capacity) * this.#codec.words;
  }
}
