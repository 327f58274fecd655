/**
 * A first-fit allocator of cache lines behind a mutex, sound but for one thing: where it begins its search.
 *
 * Fault HINT. T0 allocate a line (the first), free it, allocate until there is no room: the first line is free, and nobody gets it any more.
 *
 * Odds: see properties/broken.ts
 */
import { AlignmentError, OutOfMemoryError } from '../../src/runtime/errors.ts';
import { Mutex } from '../../src/runtime/sync/mutex.ts';

const LINE_BYTES = 64;
// Cells of the header: the mutex, where the search begins, and for each data line 0 (free), or the lines of the block that it begins, or -1 (inside a block).
const HINT = 1;
const LINES = 2;
const HEADER_BYTES = 2 * LINE_BYTES;

interface Handle {
  readonly buffer: SharedArrayBuffer;
}

/** For at most 30 data lines, after a header of two. */
export class HighWaterAllocator {
  readonly handle: Handle;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #lines: number;
  readonly #mutex: Mutex;

  private constructor({ buffer }: Handle, owner: number) {
    this.handle = { buffer };
    this.#words = new Int32Array(buffer);
    this.#lines = (buffer.byteLength - HEADER_BYTES) / LINE_BYTES;
    this.#mutex = Mutex.attach(this.#words, 0, owner);
  }

  static create(buffer: SharedArrayBuffer): HighWaterAllocator {
    new Int32Array(buffer).fill(0, 0, HEADER_BYTES / 4);
    return new HighWaterAllocator({ buffer }, 63);
  }

  static attach(handle: Handle, owner: number = 63): HighWaterAllocator {
    return new HighWaterAllocator(handle, owner);
  }

  allocate(bytes: number, { alignment = LINE_BYTES }: { readonly alignment?: number } = {}): number {
    if (!Number.isInteger(bytes) || bytes < 1) throw new RangeError(`a size is 1 byte or more, got ${bytes}`);
    if (!(alignment >= 1 && Number.isInteger(Math.log2(alignment))))
      throw new AlignmentError(`an alignment is a power of two, got ${alignment}`);
    const count = Math.ceil(bytes / LINE_BYTES);
    this.#mutex.lock();
    try {
      for (let line = this.#words[HINT]!; line + count <= this.#lines; line += 1) {
        const offset = HEADER_BYTES + line * LINE_BYTES;
        if (offset % alignment !== 0 || !this.#isFree(line, count)) continue;
        this.#words.fill(-1, LINES + line, LINES + line + count);
        this.#words[LINES + line] = count;
        if (line === this.#words[HINT]) this.#words[HINT] = line + count;
        return offset;
      }
      throw new OutOfMemoryError(`cannot allocate ${bytes} bytes`, bytes, 0, 0);
    } finally {
      this.#mutex.unlock();
    }
  }

  free(offset: number): void {
    const line = (offset - HEADER_BYTES) / LINE_BYTES;
    this.#mutex.lock();
    // FAULT HINT: the search must begin here from now on, if it began later.
    this.#words.fill(0, LINES + line, LINES + line + this.#words[LINES + line]!);
    this.#mutex.unlock();
  }

  stats(): { readonly capacityBytes: number; readonly usedBytes: number } {
    const used = this.#words.subarray(LINES, LINES + this.#lines).filter((state) => state !== 0).length;
    return { capacityBytes: this.#lines * LINE_BYTES, usedBytes: used * LINE_BYTES };
  }

  #isFree(line: number, count: number): boolean {
    return this.#words.subarray(LINES + line, LINES + line + count).every((state) => state === 0);
  }
}
