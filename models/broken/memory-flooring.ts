/**
 * A memory that divides offsets by 4, and checks neither alignment nor bounds.
 *
 * Fault G2: offset 5 is cell 1, and what is written past the end is gone without a word. No interleaving needed.
 *
 * Odds: see properties/broken.ts
 */
import { SharedMemory, type SharedMemoryHandle } from '../../src/runtime/memory/shared-memory.ts';

/** As SharedMemory, for offsets that are right. */
export class FlooringMemory {
  readonly #memory: SharedMemory;

  private constructor(memory: SharedMemory) {
    this.#memory = memory;
  }

  static create(options: { readonly initialBytes: number; readonly maximumBytes: number }): FlooringMemory {
    return new FlooringMemory(SharedMemory.create(options));
  }

  static attach(handle: SharedMemoryHandle): FlooringMemory {
    return new FlooringMemory(SharedMemory.attach(handle));
  }

  get handle(): SharedMemoryHandle {
    return this.#memory.handle;
  }

  get byteLength(): number {
    return this.#memory.byteLength;
  }

  grow(minimumBytes: number): number {
    return this.#memory.grow(minimumBytes);
  }

  int32(offset: number, length: number): Int32Array<SharedArrayBuffer> {
    return this.#memory.int32(offset, length);
  }

  readInt32(offset: number): number {
    // FAULT G2: another cell, or none. Check the offset.
    return new Int32Array(this.#memory.buffer)[Math.floor(offset / 4)] ?? 0;
  }

  writeInt32(offset: number, value: number): void {
    // FAULT G2: as in readInt32.
    new Int32Array(this.#memory.buffer)[Math.floor(offset / 4)] = value;
  }
}
