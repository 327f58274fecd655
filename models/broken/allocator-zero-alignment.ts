/**
 * A bump allocator, synchronised, that takes any alignment.
 *
 * Fault L3: rounding up to a multiple of 0 gives NaN, which is returned as offset and stored as top, as 0. No interleaving needed.
 *
 * Odds: see properties/broken.ts
 */
import { OutOfMemoryError } from '../../src/runtime/errors.ts';
import type { AllocatorHandle } from '../../src/runtime/memory/allocator.ts';

const LINE_BYTES = 64;

/** Gives out blocks of whole cache lines, and takes none back. */
export class ZeroAlignmentAllocator {
  readonly handle: AllocatorHandle;
  readonly #top: Int32Array<SharedArrayBuffer>;

  private constructor(handle: AllocatorHandle) {
    this.handle = handle;
    this.#top = new Int32Array(handle.buffer, handle.offset, 1);
  }

  /** Makes all of a buffer an empty allocator. */
  static create(buffer: SharedArrayBuffer): ZeroAlignmentAllocator {
    const allocator = new ZeroAlignmentAllocator({ buffer, offset: 0, byteLength: buffer.byteLength });
    Atomics.store(allocator.#top, 0, LINE_BYTES);
    return allocator;
  }

  /** A handle on an allocator that was created elsewhere. Does not touch the memory. */
  static attach(handle: AllocatorHandle): ZeroAlignmentAllocator {
    return new ZeroAlignmentAllocator(handle);
  }

  allocate(bytes: number, { alignment = LINE_BYTES }: { readonly alignment?: number } = {}): number {
    for (;;) {
      const top = Atomics.load(this.#top, 0);
      // FAULT L3: 0 and 3 are no alignments. Refuse what is no power of two from 1 on.
      const start = Math.ceil(Math.ceil(top / alignment) * alignment);
      if (start + bytes > this.handle.byteLength) throw new OutOfMemoryError('full', bytes, 0, 0);
      if (Atomics.compareExchange(this.#top, 0, top, start + bytes) === top) return start;
    }
  }

  /** Does nothing: what was given out is not given out again. */
  free(_offset: number): void {}
}
