/**
 * A bounded queue that wakes the sleepers before it is closed.
 *
 * Fault: a wake-up is lost on close. Shortest interleaving: T0 take: finds the queue empty and open, announces itself; T1 close: load of the
 * sleepers of items before that, or wake before T0 looks again; T0 looks again: open; sleeps; T1 sets closed. T0 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';
import { ITEMS, SPACE, WordQueue } from './word-queue.ts';

/** Who waits when it is closed may wait for ever. */
export class EarlyWakeQueue extends WordQueue {
  /** Makes the cells an empty, open queue of Int32 words. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, capacity: number): EarlyWakeQueue {
    const queue = new EarlyWakeQueue({ view, index, capacity, words: 1 });
    queue.initialise();
    return queue;
  }

  /** A handle on a queue that was created elsewhere. Touches no cell. */
  static attach(handle: QueueHandle): EarlyWakeQueue {
    return new EarlyWakeQueue(handle);
  }

  override close(): boolean {
    // FAULT Q2: who looks between the wake and the change goes to sleep again. Change first, then wake.
    this.wake(ITEMS, Infinity);
    this.wake(SPACE, Infinity);
    return (this.setClosed() & 1) === 0;
  }
}
