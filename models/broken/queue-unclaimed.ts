/**
 * A bounded queue whose producers claim their place by a store.
 *
 * Fault: an item is lost under contention. Shortest interleaving, 8 steps: T0 load tail, turn; T1 load tail, turn, store tail; T0 store
 * tail, the same; both fill the same cell: the item of one is gone, though both puts came back.
 *
 * Odds: see properties/broken.ts
 */
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';
import { WordQueue } from './word-queue.ts';

/** Two puts at once may leave one item. */
export class LosingQueue extends WordQueue {
  /** Makes the cells an empty, open queue of Int32 words. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, capacity: number): LosingQueue {
    const queue = new LosingQueue({ view, index, capacity, words: 1 });
    queue.initialise();
    return queue;
  }

  /** A handle on a queue that was created elsewhere. Touches no cell. */
  static attach(handle: QueueHandle): LosingQueue {
    return new LosingQueue(handle);
  }

  protected override claimTail(cell: number, tail: number): boolean {
    // FAULT Q1: another producer may have stored the same tail since it was loaded. Compare and exchange.
    Atomics.store(this.view, cell, tail + 2);
    return true;
  }
}
