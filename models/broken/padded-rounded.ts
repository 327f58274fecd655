/**
 * Padded atomics that are aligned by rounding up what was allocated.
 *
 * Fault K1: alignment reserves nothing. Two blocks of 64 bytes at 64 and 128, aligned to 128, are both at 128: a.store(1), b.load() = 1. And the
 * integer may be in a block that is somebody else's. No interleaving needed.
 *
 * Odds: see properties/broken.ts
 */
import {
  type PaddedAtomicHandle,
  PaddedAtomicInt32,
  PaddedAtomicInt64,
  type PaddingOptions,
} from '../../src/runtime/atomics/padded-atomic.ts';
import type { Allocator } from '../../src/runtime/memory/allocator.ts';

/** An integer that may be another's as well. */
class RoundedAtomic<T> {
  readonly #block: number;
  readonly #atomic: { readonly handle: PaddedAtomicHandle; add(value: T): T; load(): T };

  constructor(block: number, atomic: { readonly handle: PaddedAtomicHandle; add(value: T): T; load(): T }) {
    this.#block = block;
    this.#atomic = atomic;
  }

  get handle(): PaddedAtomicHandle {
    return this.#atomic.handle;
  }

  add(value: T): T {
    return this.#atomic.add(value);
  }

  load(): T {
    return this.#atomic.load();
  }

  free(allocator: Allocator): void {
    allocator.free(this.#block);
  }
}

function place(
  allocator: Allocator,
  { paddingBytes = 64 }: PaddingOptions,
): { block: number; at: PaddedAtomicHandle } {
  const block = allocator.allocate(64);
  // FAULT K1: nobody reserved what is there. Allocate with the alignment.
  const offset = Math.ceil(block / paddingBytes) * paddingBytes;
  return { block, at: { buffer: allocator.handle.buffer, offset } };
}

/** As PaddedAtomicInt32 and PaddedAtomicInt64, but for where they are. */
export const roundedAtomics: {
  readonly int32: {
    create(allocator: Allocator, initial: number, options: PaddingOptions): RoundedAtomic<number>;
  };
  readonly int64: {
    create(allocator: Allocator, initial: bigint, options: PaddingOptions): RoundedAtomic<bigint>;
  };
} = {
  int32: {
    create(allocator, initial, options) {
      const { block, at } = place(allocator, options);
      const atomic = PaddedAtomicInt32.attach(at);
      atomic.store(initial);
      return new RoundedAtomic(block, atomic);
    },
  },
  int64: {
    create(allocator, initial, options) {
      const { block, at } = place(allocator, options);
      const atomic = PaddedAtomicInt64.attach(at);
      atomic.store(initial);
      return new RoundedAtomic(block, atomic);
    },
  },
};
