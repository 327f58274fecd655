/**
 * Atomic integers whose whole cache line is theirs. Two integers in one line slow each other down as if they were one,
 * though no program can see it in a value: the line goes back and forth between the cores (false sharing).
 * Alignment alone does not help: it must be the allocator that keeps others out of the line.
 */
import type { Allocator } from '../memory/allocator.ts';
import { SharedMemory } from '../memory/shared-memory.ts';
import { Int32Operations } from './int32-operations.ts';
import { Int64Operations } from './int64-operations.ts';

/** How much is reserved. */
export interface PaddingOptions {
  /**
   * Bytes that are reserved, from a multiple of themselves on: 64 by default, a cache line. 128 where processors fetch
   * lines in pairs (Intel's adjacent-line prefetcher, Apple's lines of 128).
   */
  readonly paddingBytes?: 64 | 128;
}

/** What other threads attach by: a plain object that structured clone carries over. */
export interface PaddedAtomicHandle {
  readonly buffer: SharedArrayBuffer;
  /** Byte offset of the integer in the buffer. */
  readonly offset: number;
}

/**
 * One 32-bit signed integer that shares its cache line with nothing. Operations: see {@link Int32Operations}.
 * It is in use until `free`, by whichever thread; handles must not be used afterwards.
 */
export class PaddedAtomicInt32 extends Int32Operations {
  readonly #buffer: SharedArrayBuffer;
  readonly #offset: number;

  private constructor({ buffer, offset }: PaddedAtomicHandle, view: Int32Array<SharedArrayBuffer>) {
    super(view, 0);
    this.#buffer = buffer;
    this.#offset = offset;
  }

  /**
   * Reserves a line and writes `initial` into it.
   *
   * @throws TypeError when `initial` is no integer
   * @throws RangeError when the padding is neither 64 nor 128
   * @throws OutOfMemoryError, PoisonedError, NotCreatedError as {@link Allocator.allocate}
   */
  static create(allocator: Allocator, initial: number = 0, options: PaddingOptions = {}): PaddedAtomicInt32 {
    if (!Number.isInteger(initial)) {
      throw new TypeError(
        `a PaddedAtomicInt32 starts from an integer, got ${String(initial)}: round it first`,
      );
    }
    const atomic = PaddedAtomicInt32.attach(reserve(allocator, options));
    atomic.store(initial);
    return atomic;
  }

  /**
   * A handle on an integer that another thread created. Does not touch the cell.
   *
   * @throws TypeError when the buffer is not shared
   * @throws BoundsError when the offset leaves the buffer
   * @throws AlignmentError when the offset is no multiple of 4
   */
  static attach(handle: PaddedAtomicHandle): PaddedAtomicInt32 {
    return new PaddedAtomicInt32(handle, SharedMemory.attach(handle).int32(handle.offset, 1));
  }

  /** What to send to other threads. */
  get handle(): PaddedAtomicHandle {
    return { buffer: this.#buffer, offset: this.#offset };
  }

  /** Gives the line back to the allocator that it came from. Throws as {@link Allocator.free}. */
  free(allocator: Allocator): void {
    allocator.free(this.#offset);
  }
}

/**
 * One 64-bit signed integer that shares its cache line with nothing. Operations: see {@link Int64Operations}.
 * It is in use until `free`, by whichever thread; handles must not be used afterwards.
 */
export class PaddedAtomicInt64 extends Int64Operations {
  readonly #buffer: SharedArrayBuffer;
  readonly #offset: number;

  private constructor({ buffer, offset }: PaddedAtomicHandle, view: BigInt64Array<SharedArrayBuffer>) {
    super(view, 0);
    this.#buffer = buffer;
    this.#offset = offset;
  }

  /**
   * Reserves a line and writes `initial` into it.
   *
   * @throws TypeError when `initial` is no bigint
   * @throws RangeError when the padding is neither 64 nor 128
   * @throws OutOfMemoryError, PoisonedError, NotCreatedError as {@link Allocator.allocate}
   */
  static create(allocator: Allocator, initial: bigint = 0n, options: PaddingOptions = {}): PaddedAtomicInt64 {
    if (typeof initial !== 'bigint') {
      throw new TypeError(`a PaddedAtomicInt64 starts from a bigint, got ${String(initial)}: write 0n for 0`);
    }
    const atomic = PaddedAtomicInt64.attach(reserve(allocator, options));
    atomic.store(initial);
    return atomic;
  }

  /**
   * A handle on an integer that another thread created. Does not touch the cell.
   *
   * @throws TypeError when the buffer is not shared
   * @throws BoundsError when the offset leaves the buffer
   * @throws AlignmentError when the offset is no multiple of 8
   */
  static attach(handle: PaddedAtomicHandle): PaddedAtomicInt64 {
    return new PaddedAtomicInt64(handle, SharedMemory.attach(handle).bigInt64(handle.offset, 1));
  }

  /** What to send to other threads. */
  get handle(): PaddedAtomicHandle {
    return { buffer: this.#buffer, offset: this.#offset };
  }

  /** Gives the line back to the allocator that it came from. Throws as {@link Allocator.free}. */
  free(allocator: Allocator): void {
    allocator.free(this.#offset);
  }
}

/** Whole lines of the allocator's, so that nothing else is ever in them. */
function reserve(allocator: Allocator, { paddingBytes = 64 }: PaddingOptions): PaddedAtomicHandle {
  if (paddingBytes !== 64 && paddingBytes !== 128) {
    throw new RangeError(`a padding is 64 or 128 bytes, got ${String(paddingBytes)}`);
  }
  const { buffer } = allocator.handle;
  return { buffer, offset: allocator.allocate(paddingBytes, { alignment: paddingBytes }) };
}
