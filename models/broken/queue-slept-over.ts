/**
 * A bounded queue in which a thread may fall asleep though a wake-up is due.
 *
 * Fault: a wake-up is lost. T0 take: finds nothing, announces itself; T1 put: gives it a wake-up; T0 looks again, takes the item and leaves: the
 * wake-up stays due. T0 take: finds nothing, sleeps on the number 1; T1 put: one sleeper, one wake-up due: wakes nobody. T0 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';
import { WordQueue } from './word-queue.ts';

/** A wake-up that nobody took may be slept over. */
export class SleptOverQueue extends WordQueue {
  /** Makes the cells an empty, open queue of Int32 words. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, capacity: number): SleptOverQueue {
    const queue = new SleptOverQueue({ view, index, capacity, words: 1 });
    queue.initialise();
    return queue;
  }

  /** A handle on a queue that was created elsewhere. Touches no cell. */
  static attach(handle: QueueHandle): SleptOverQueue {
    return new SleptOverQueue(handle);
  }

  protected override sleepsOn(cell: number): number {
    // FAULT Q5: who gives wake-ups takes it that nobody sleeps while one is due. Sleep on 0, or take it.
    return Atomics.load(this.view, cell);
  }
}
