/**
 * A bump allocator in shared memory that no lock guards: it loads the top, and stores the new one. It gives blocks
 * out and takes none back: `free` does nothing.
 *
 * Fault L1. Shortest interleaving, 4 steps: T0 load top; T1 load top; T0 store top; T1 store top. Both have the
 * same block: two locks made in their blocks are one cell.
 *
 * Odds: see properties/broken.ts
 */
import { AlignmentError, NotCreatedError, OutOfMemoryError } from '../../src/runtime/errors.ts';

// The region: | header (1 line: word 0 the top) | blocks ... |. The top is the offset in the buffer of the first byte
// that was never given out; so it is never 0.
const LINE_BYTES = 64;
const TOP = 0;

export interface UnsynchronisedAllocatorHandle {
  readonly buffer: SharedArrayBuffer;
  /** Start of the region in the buffer, in bytes. */
  readonly offset: number;
  /** Size of the region in bytes. */
  readonly byteLength: number;
}

/** Gives out aligned blocks of whole cache lines, the same one twice if two threads ask together. */
export class UnsynchronisedAllocator {
  /** What to send to other threads. */
  readonly handle: UnsynchronisedAllocatorHandle;
  readonly #header: Int32Array<SharedArrayBuffer>;
  /** Offset in the buffer of the first byte after the region. */
  readonly #end: number;

  private constructor(handle: UnsynchronisedAllocatorHandle) {
    const { buffer, offset, byteLength } = handle;
    this.handle = { buffer, offset, byteLength };
    this.#header = new Int32Array(buffer, offset, 1);
    this.#end = offset + byteLength;
  }

  /** Makes a region of the buffer, by default all of it, an empty allocator. Its offset is a multiple of 64. */
  static create(
    buffer: SharedArrayBuffer,
    options: { readonly offset?: number; readonly byteLength?: number } = {},
  ): UnsynchronisedAllocator {
    const offset = options.offset ?? 0;
    const byteLength = options.byteLength ?? buffer.byteLength - offset;
    const allocator = new UnsynchronisedAllocator({ buffer, offset, byteLength });
    Atomics.store(allocator.#header, TOP, offset + LINE_BYTES);
    return allocator;
  }

  /** A handle on an allocator that was created elsewhere. Does not touch the memory. */
  static attach(handle: UnsynchronisedAllocatorHandle): UnsynchronisedAllocator {
    return new UnsynchronisedAllocator(handle);
  }

  /**
   * Reserves `bytes` bytes and returns their offset in the buffer, a multiple of `alignment` (a power of two).
   * Throws RangeError, AlignmentError, OutOfMemoryError, NotCreatedError as the runtime's allocator does.
   */
  allocate(bytes: number, { alignment = LINE_BYTES }: { readonly alignment?: number } = {}): number {
    if (!Number.isInteger(bytes) || bytes < 1) throw new RangeError(`a size is 1 byte or more, got ${bytes}`);
    if (!(alignment >= 1 && alignment <= 2 ** 30 && Number.isInteger(Math.log2(alignment)))) {
      throw new AlignmentError(`an alignment is a power of two from 1 to 2^30, got ${alignment}`);
    }
    const top = Atomics.load(this.#header, TOP);
    if (top === 0) throw new NotCreatedError('there is no allocator here: one thread must create it first');
    const step = Math.max(alignment, LINE_BYTES);
    const start = Math.ceil(top / step) * step;
    if (start + bytes > this.#end) {
      const left = Math.max(this.#end - top, 0);
      throw new OutOfMemoryError(`cannot allocate ${bytes} bytes: ${left} are left`, bytes, left, left);
    }
    // FAULT L1: another thread may have taken the same bytes since the load.
    Atomics.store(this.#header, TOP, start + bytes);
    return start;
  }

  /** Does nothing: what was given out is not given out again. */
  free(_offset: number): void {}
}
