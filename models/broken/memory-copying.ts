/**
 * A memory that grows by a copy into a new buffer.
 *
 * Fault G1: a thread that had the old buffer goes on writing there. No interleaving needed: T0 grows, T1 writes, T0 reads 0.
 *
 * Odds: see properties/broken.ts
 */
import { OutOfMemoryError } from '../../src/runtime/errors.ts';
import { SharedMemory, type SharedMemoryHandle } from '../../src/runtime/memory/shared-memory.ts';

const PAGE_BYTES = 65_536;

/** As SharedMemory, until it grows. */
export class CopyingMemory {
  #memory: SharedMemory;
  readonly #maximumBytes: number;

  private constructor(memory: SharedMemory, maximumBytes: number) {
    this.#memory = memory;
    this.#maximumBytes = maximumBytes;
  }

  static create({
    initialBytes,
    maximumBytes,
  }: {
    readonly initialBytes: number;
    readonly maximumBytes: number;
  }): CopyingMemory {
    const memory = SharedMemory.attach({ buffer: new SharedArrayBuffer(initialBytes) });
    return new CopyingMemory(memory, maximumBytes);
  }

  static attach({
    buffer,
    maximumBytes,
  }: SharedMemoryHandle & { readonly maximumBytes: number }): CopyingMemory {
    return new CopyingMemory(SharedMemory.attach({ buffer }), maximumBytes);
  }

  get handle(): SharedMemoryHandle & { readonly maximumBytes: number } {
    return { buffer: this.#memory.buffer, maximumBytes: this.#maximumBytes };
  }

  get byteLength(): number {
    return this.#memory.byteLength;
  }

  grow(minimumBytes: number): number {
    if (minimumBytes <= this.byteLength) return this.byteLength;
    const bytes = Math.ceil(minimumBytes / PAGE_BYTES) * PAGE_BYTES;
    if (bytes > this.#maximumBytes) throw new OutOfMemoryError('above the maximum', bytes, 0, 0);
    // FAULT G1: the others keep the old buffer. Let the buffer itself grow.
    const larger = new SharedArrayBuffer(bytes);
    new Uint8Array(larger).set(new Uint8Array(this.#memory.buffer));
    this.#memory = SharedMemory.attach({ buffer: larger });
    return bytes;
  }

  int32(offset: number, length: number): Int32Array<SharedArrayBuffer> {
    return this.#memory.int32(offset, length);
  }

  readInt32(offset: number): number {
    return this.#memory.readInt32(offset);
  }

  writeInt32(offset: number, value: number): void {
    this.#memory.writeInt32(offset, value);
  }
}
