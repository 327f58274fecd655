/**
 * Thread-local storage that gives out keys past the end of a row.
 *
 * Fault T1. With 128 keys a thread, key 128 is the next thread's key 0, or whatever comes after the last row. No interleaving needed: two
 * threads, one of which sets it.
 *
 * Odds: see properties/broken.ts
 */
import type { ThreadStorageHandle, ThreadStorageOptions } from '../../src/runtime/tls/thread-storage.ts';
import { ThreadSlots } from './thread-slots.ts';

/** A thread may read what another has set. */
export class UnboundedKeySlots extends ThreadSlots {
  /** A storage in cells that are 0. */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    { threads = 16, bytesPerThread = 1024 }: ThreadStorageOptions = {},
  ): UnboundedKeySlots {
    return new UnboundedKeySlots({ view, index, threads, bytesPerThread });
  }

  /** A handle on a storage that was created elsewhere. Touches no cell. */
  static attach(handle: ThreadStorageHandle): UnboundedKeySlots {
    return new UnboundedKeySlots(handle);
  }

  protected override checkEnd(): void {
    // FAULT T1: the slot is outside the row. Refuse the key.
  }
}
