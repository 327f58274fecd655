/**
 * A latest-wins inbox whose takers read the oldest item before they have the lock.
 *
 * Fault X2: a dropped item is still processed. Shortest interleaving: T0 take: reads the oldest item; T1 offer: drops
 * that item for its own; T0 locks, removes the oldest, which is T1's, and returns the dropped one.
 *
 * Odds: see properties/broken.ts
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { ClosedError } from '../../src/runtime/errors.ts';
import { EventCount } from '../../src/runtime/queue/event-count.ts';
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';

// Cells from the index on: mutex, closed, oldest, queued, taken, dropped; the event count of items; then the slots.
const CLOSED = 1;
const OLDEST = 2;
const QUEUED = 3;
const TAKEN = 4;
const DROPPED = 5;
const ITEMS = 6;
const SLOTS = 8;

/** An inbox of Int32 items that may hand out what it has dropped. */
export class StaleTakeInbox {
  readonly handle: QueueHandle;
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #mutex: Mutex;
  readonly #items: EventCount;
  #item = 0;

  private constructor(handle: QueueHandle, owner: number) {
    this.handle = handle;
    this.#cells = handle.view;
    this.#mutex = Mutex.attach(handle.view, 0, owner);
    this.#items = new EventCount(handle.view, ITEMS);
  }

  /** An empty, open inbox in the first cells of a view, which are 0. */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    capacity: number,
    _codec: Codec<number>,
    owner: number = 99,
  ): StaleTakeInbox {
    return new StaleTakeInbox({ view, index, capacity, words: 1 }, owner);
  }

  /** A handle on an inbox that was created elsewhere. Touches no cell. */
  static attach(handle: QueueHandle, _codec: Codec<number>, owner: number = 99): StaleTakeInbox {
    return new StaleTakeInbox(handle, owner);
  }

  offer(item: number): boolean {
    const { capacity } = this.handle;
    this.#mutex.lock();
    const closed = this.#cell(CLOSED) !== 0;
    const full = this.#cell(QUEUED) === capacity;
    if (!closed) {
      if (full) this.#advance(DROPPED);
      this.#cells[SLOTS + ((this.#cell(OLDEST) + this.#cell(QUEUED)) % capacity)] = item;
      this.#cells[QUEUED] = this.#cell(QUEUED) + 1;
    }
    this.#mutex.unlock();
    if (closed) throw new ClosedError('the inbox is closed');
    this.#items.wake(1);
    return full;
  }

  take(): number | undefined {
    return this.takeFor(Infinity);
  }

  tryTake(): number | undefined {
    return this.#remove() ? this.#item : undefined;
  }

  takeFor(timeoutMs: number): number | undefined {
    const deadline = performance.now() + timeoutMs;
    this.#items.enter();
    try {
      for (;;) {
        const epoch = this.#items.epoch();
        if (this.#remove()) return this.#item;
        const remainingMs = deadline - performance.now();
        if (remainingMs <= 0) return undefined;
        this.#items.sleep(epoch, remainingMs);
      }
    } finally {
      this.#items.leave();
    }
  }

  close(): boolean {
    this.#mutex.lock();
    const wasOpen = this.#cell(CLOSED) === 0;
    this.#cells[CLOSED] = 1;
    this.#mutex.unlock();
    this.#items.wake(Infinity);
    return wasOpen;
  }

  isClosed(): boolean {
    return this.#cell(CLOSED) !== 0;
  }

  stats(): { offered: number; taken: number; dropped: number; queued: number } {
    const [taken, dropped, queued] = [this.#cell(TAKEN), this.#cell(DROPPED), this.#cell(QUEUED)];
    return { offered: taken + dropped + queued, taken, dropped, queued };
  }

  #remove(): boolean {
    // FAULT X2: by the time this thread has the lock, the item may have been dropped. Read it under the lock.
    const hadItem = this.#cell(QUEUED) > 0;
    this.#item = this.#cell(SLOTS + this.#cell(OLDEST));
    this.#mutex.lock();
    const queued = this.#cell(QUEUED);
    const closed = this.#cell(CLOSED) !== 0;
    const removed = hadItem && queued > 0;
    if (removed) this.#advance(TAKEN);
    this.#mutex.unlock();
    if (queued === 0 && closed) throw new ClosedError('the inbox is closed');
    // An item that came meanwhile was not read.
    return removed || (queued > 0 && this.#remove());
  }

  #advance(count: number): void {
    this.#cells[OLDEST] = (this.#cell(OLDEST) + 1) % this.handle.capacity;
    this.#cells[QUEUED] = this.#cell(QUEUED) - 1;
    this.#cells[count] = this.#cell(count) + 1;
  }

  #cell(cell: number): number {
    return this.#cells[cell]!; // all are in the view
  }
}
