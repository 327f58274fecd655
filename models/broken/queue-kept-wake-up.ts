/**
 * A bounded queue in which who was woken does not pass a wake-up on.
 *
 * Fault: two wake-ups reach one sleeper. T0 and T1 sleep in take; T2 claims place 0; T3 claims place 1, fills it, wakes T0, who finds place 0 not filled
 * and sleeps again, behind T1 or not; T2 fills place 0 and wakes one, who takes it. Place 1 is filled, and the other sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import type { QueueHandle } from '../../src/runtime/queue/queue-handle.ts';
import { WordQueue } from './word-queue.ts';

/** A taker may sleep though there is an item. */
export class KeptWakeUpQueue extends WordQueue {
  /** Makes the cells an empty, open queue of Int32 words. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, capacity: number): KeptWakeUpQueue {
    const queue = new KeptWakeUpQueue({ view, index, capacity, words: 1 });
    queue.initialise();
    return queue;
  }

  /** A handle on a queue that was created elsewhere. Touches no cell. */
  static attach(handle: QueueHandle): KeptWakeUpQueue {
    return new KeptWakeUpQueue(handle);
  }

  protected override passOn(): void {
    // FAULT Q4: the wake-up for an item further back may have come here before its turn.
  }
}
