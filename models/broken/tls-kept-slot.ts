/**
 * Thread-local storage that does not clear the slots of an id that is claimed again.
 *
 * Fault T4. No interleaving needed: T0 claims an id, sets a variable, releases; T1 claims it and sees the value.
 *
 * Odds: see properties/broken.ts
 */
import type { ThreadStorageHandle, ThreadStorageOptions } from '../../src/runtime/tls/thread-storage.ts';
import { ThreadSlots } from './thread-slots.ts';

/** A thread may read what the last one of its id has set. */
export class KeptSlotSlots extends ThreadSlots {
  /** A storage in cells that are 0. */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    { threads = 16, bytesPerThread = 1024 }: ThreadStorageOptions = {},
  ): KeptSlotSlots {
    return new KeptSlotSlots({ view, index, threads, bytesPerThread });
  }

  /** A handle on a storage that was created elsewhere. Touches no cell. */
  static attach(handle: ThreadStorageHandle): KeptSlotSlots {
    return new KeptSlotSlots(handle);
  }

  protected override clearRow(): void {
    // FAULT T4: the row is as the last thread left it. Clear it.
  }
}
