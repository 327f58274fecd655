/**
 * First fit over a bit map of cache lines, kept in the shared memory itself.
 *
 * Why a map of lines, and not size classes or free lists in the blocks: what is allocated here are cells that threads
 * contend for, so no two blocks may share a line anyway; neighbours that are free join by themselves; a block has no
 * header that its user could overwrite; the map costs 0.4 % of the region, so it works in 4 KiB as in 4 GiB; and a
 * foreign or repeated `free` is seen exactly. The price is a scan, 32 lines a step, from the lowest free line.
 * Source: Knuth, The Art of Computer Programming, volume 1, section 2.5 (first fit), on a bit map.
 */
import { isShared } from '../cell.ts';
import {
  AlignmentError,
  BoundsError,
  DoubleFreeError,
  ForeignPointerError,
  NotCreatedError,
  OutOfMemoryError,
} from '../errors.ts';
import { Mutex } from '../sync/mutex.ts';
import { currentThreadId } from '../thread.ts';

// The region, in lines of 64 bytes, all words Int32:
//
//   | header (1 line) | map (1 line for each 256 data lines) | data lines ... |
//
// Header: word 0 the mutex that guards all the rest; word 1 the number of data lines, constant after create;
//         word 2 `lowest`: no data line below it is free.
// Map:    a pair of words for each 32 data lines. Word 2k has the bit of each line in use among 32k to 32k + 31; word
//         2k + 1 has the bit of each line at which a block begins. Bits past the last data line are in use for ever.
// Only the mutex is accessed atomically; its unlock and lock order the plain accesses to the others.
const LINE_BYTES = 64;
const LINE_WORDS = 16;
const LINES_A_MAP_LINE = 256;
const MUTEX = 0;
const LINES = 1;
const LOWEST = 2;
const MAP = LINE_WORDS;
/** The two words of each pair in the map. */
const LINES_USED = 0;
const BLOCK_STARTS = 1;

/** Where a new allocator lives, and who uses this handle. */
export interface AllocatorOptions {
  /** Start of the region in the buffer, in bytes: a multiple of 64; 0 by default. */
  readonly offset?: number;
  /** Size of the region in bytes; up to the present end of the buffer by default. At least 192. */
  readonly byteLength?: number;
  /** Id of the thread that uses this handle; the caller's by default. See Mutex. */
  readonly owner?: number;
}

/** What other threads attach by: a plain object that structured clone carries over. */
export interface AllocatorHandle {
  readonly buffer: SharedArrayBuffer;
  /** Start of the region in the buffer, in bytes. */
  readonly offset: number;
  /** Size of the region in bytes. */
  readonly byteLength: number;
}

/** How one allocation is to be placed. */
export interface AllocationOptions {
  /** The offset is a multiple of this power of two; 64, a cache line, by default. */
  readonly alignment?: number;
}

/** What an allocator has given out and has left, at one moment. All sizes are multiples of 64 bytes. */
export interface AllocatorStats {
  /** What can be allocated in all: the region without header and map. */
  readonly capacityBytes: number;
  readonly usedBytes: number;
  readonly freeBytes: number;
  /** The longest contiguous free run. */
  readonly largestFreeBytes: number;
  /** Number of live allocations. */
  readonly blocks: number;
}

/**
 * Hands out aligned blocks of shared memory, to any thread. The whole state is in the memory: the object is one thread's
 * handle. Each block begins on a cache line and has its lines for itself, however small it is.
 *
 * The region is fixed; when a memory grows, create another allocator in the part that is new.
 * When a thread dies inside, the state may be half changed: `mutex.poison(id)` makes that known.
 */
export class Allocator {
  /** Guards the allocator. Public for inspection and for `poison`; do not hold it around calls. */
  readonly mutex: Mutex;
  readonly #buffer: SharedArrayBuffer;
  readonly #offset: number;
  readonly #byteLength: number;
  /** Header and map. */
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #lines: number;
  /** Offset of the first data line in the buffer, in bytes. */
  readonly #dataOffset: number;

  private constructor(handle: AllocatorHandle, owner: number) {
    checkRegion(handle);
    const allLines = Math.floor(handle.byteLength / LINE_BYTES);
    const mapLines = Math.ceil((allLines - 1) / (LINES_A_MAP_LINE + 1));
    this.#buffer = handle.buffer;
    this.#offset = handle.offset;
    this.#byteLength = handle.byteLength;
    this.#words = new Int32Array(handle.buffer, handle.offset, (1 + mapLines) * LINE_WORDS);
    this.#lines = allLines - 1 - mapLines;
    this.#dataOffset = handle.offset + (1 + mapLines) * LINE_BYTES;
    this.mutex = Mutex.attach(this.#words, MUTEX, owner);
  }

  /**
   * Makes a region of the buffer an empty allocator; what was there is lost. One thread creates; the others attach.
   * Cost: linear in the map, 1/256 of the region.
   *
   * @throws TypeError when the buffer is no SharedArrayBuffer
   * @throws BoundsError when the region leaves the buffer or is below 192 bytes
   * @throws AlignmentError when the region's offset is no multiple of 64
   * @throws RangeError when the owner is no thread id
   */
  static create(buffer: SharedArrayBuffer, options: AllocatorOptions = {}): Allocator {
    const offset = options.offset ?? 0;
    const byteLength = options.byteLength ?? buffer.byteLength - offset;
    const allocator = new Allocator({ buffer, offset, byteLength }, options.owner ?? currentThreadId());
    allocator.#initialise();
    return allocator;
  }

  /** This thread's handle on an allocator that was created elsewhere. Does not touch the memory. Throws as `create`. */
  static attach(handle: AllocatorHandle, owner: number = currentThreadId()): Allocator {
    return new Allocator(handle, owner);
  }

  /** What to send to other threads. */
  get handle(): AllocatorHandle {
    return { buffer: this.#buffer, offset: this.#offset, byteLength: this.#byteLength };
  }

  /**
   * Reserves `bytes` bytes and returns their offset in the buffer, which is never 0. The bytes are not cleared: they are
   * what their last user left. Fails exactly when no aligned run of free lines holds the request.
   *
   * Cost: one lock and unlock, and a scan from the lowest free line.
   *
   * @throws RangeError when the size is no integer of at least 1
   * @throws AlignmentError when the alignment is no power of two from 1 to 2^30
   * @throws OutOfMemoryError when nothing that is free holds it
   * @throws PoisonedError when a thread died inside
   * @throws NotCreatedError when nobody created an allocator in this region
   */
  allocate(bytes: number, options: AllocationOptions = {}): number {
    const alignment = options.alignment ?? LINE_BYTES;
    checkRequest(bytes, alignment);
    this.#enter();
    try {
      const count = Math.ceil(bytes / LINE_BYTES);
      const lowest = this.#next(this.#word(LOWEST), false);
      const line = this.#findRun(lowest, count, Math.max(alignment, LINE_BYTES));
      if (line < 0) throw this.#outOfMemory(bytes, alignment);
      this.#words[LOWEST] = line === lowest ? line + count : lowest;
      this.#set(LINES_USED, line, line + count);
      this.#set(BLOCK_STARTS, line, line + 1);
      return this.#dataOffset + line * LINE_BYTES;
    } finally {
      this.mutex.unlock();
    }
  }

  /**
   * Gives back what `allocate` returned, by any thread.
   *
   * Cost: one lock and unlock, and a walk over the block's part of the map.
   *
   * @throws ForeignPointerError when the offset cannot have come from this allocator, or lies inside a block
   * @throws DoubleFreeError when nothing is allocated there (any more)
   * @throws PoisonedError, NotCreatedError as {@link Allocator.allocate}
   */
  free(offset: number): void {
    const line = (offset - this.#dataOffset) / LINE_BYTES;
    if (!Number.isInteger(line) || line < 0 || line >= this.#lines) throw this.#foreign(offset);
    this.#enter();
    try {
      if (!this.#has(LINES_USED, line)) {
        throw new DoubleFreeError(
          `nothing is allocated at offset ${offset}: it was freed already, or never allocated; free each block once`,
        );
      }
      if (!this.#has(BLOCK_STARTS, line)) {
        throw new ForeignPointerError(
          `offset ${offset} lies inside a block: free takes the offset that allocate returned`,
        );
      }
      this.#giveBack(line, this.#blockEnd(line));
    } finally {
      this.mutex.unlock();
    }
  }

  /**
   * What is in use and what is left, consistent with each other.
   * Cost: one lock and unlock, and a walk over the whole map.
   *
   * @throws PoisonedError, NotCreatedError as {@link Allocator.allocate}
   */
  stats(): AllocatorStats {
    this.#enter();
    try {
      return this.#survey();
    } finally {
      this.mutex.unlock();
    }
  }

  #initialise(): void {
    this.#words.fill(0);
    this.#words[LINES] = this.#lines;
    this.#set(LINES_USED, this.#lines, Math.ceil(this.#lines / 32) * 32);
    // Last, as it publishes the rest. Partner: the compare-exchange of the first lock.
    Mutex.create(this.#words, MUTEX);
  }

  #enter(): void {
    this.mutex.lock();
    if (this.#word(LINES) === this.#lines) return;
    const found = this.#word(LINES);
    this.mutex.unlock();
    throw new NotCreatedError(
      `there is no Allocator of ${this.#lines} lines at offset ${this.#offset} (found: ${found}): ` +
        'one thread must call Allocator.create first, and the others attach by its handle',
    );
  }

  /** First line of the lowest aligned run of `count` free lines at or after `from`, -1 if there is none. */
  #findRun(from: number, count: number, alignment: number): number {
    const step = alignment / LINE_BYTES;
    // Data line 0 lies this many lines past an aligned offset.
    const shift = (this.#dataOffset % alignment) / LINE_BYTES;
    let line = from;
    for (;;) {
      line = Math.ceil((line + shift) / step) * step - shift;
      if (line + count > this.#lines) return -1;
      // From the end, so that the obstacle found takes the search furthest.
      const obstacle = this.#lastUsed(line, line + count);
      if (obstacle < 0) return line;
      line = this.#next(obstacle + 1, false);
    }
  }

  #giveBack(line: number, end: number): void {
    this.#clear(BLOCK_STARTS, line, line + 1);
    this.#clear(LINES_USED, line, end);
    if (line < this.#word(LOWEST)) this.#words[LOWEST] = line;
  }

  /** The line after the block that begins at `line`. */
  #blockEnd(line: number): number {
    const first = line + 1;
    for (let pair = first >>> 5; pair * 32 < this.#lines; pair += 1) {
      const bits =
        (~this.#word(MAP + 2 * pair + LINES_USED) | this.#word(MAP + 2 * pair + BLOCK_STARTS)) &
        maskFrom(pair, first);
      if (bits !== 0) return Math.min(pair * 32 + lowestBit(bits), this.#lines);
    }
    return this.#lines;
  }

  /** First line at or after `from` that is in use (or free, if `used` is false); the number of lines if there is none. */
  #next(from: number, used: boolean): number {
    for (let pair = from >>> 5; pair * 32 < this.#lines; pair += 1) {
      const word = this.#word(MAP + 2 * pair + LINES_USED);
      const bits = (used ? word : ~word) & maskFrom(pair, from);
      if (bits !== 0) return Math.min(pair * 32 + lowestBit(bits), this.#lines);
    }
    return this.#lines;
  }

  /** Last line from `start` to before `end` that is in use, -1 if there is none. */
  #lastUsed(start: number, end: number): number {
    for (let pair = (end - 1) >>> 5; pair >= start >>> 5; pair -= 1) {
      const bits = this.#word(MAP + 2 * pair + LINES_USED) & maskFrom(pair, start) & maskBefore(pair, end);
      if (bits !== 0) return pair * 32 + 31 - Math.clz32(bits);
    }
    return -1;
  }

  #survey(): AllocatorStats {
    let free = 0;
    let largest = 0;
    for (let start = this.#next(0, false); start < this.#lines; ) {
      const end = this.#next(start, true);
      free += end - start;
      largest = Math.max(largest, end - start);
      start = this.#next(end, false);
    }
    let blocks = 0;
    for (let word = MAP + BLOCK_STARTS; word < this.#words.length; word += 2) {
      for (let bits = this.#word(word); bits !== 0; bits &= bits - 1) blocks += 1;
    }
    return {
      capacityBytes: this.#lines * LINE_BYTES,
      usedBytes: (this.#lines - free) * LINE_BYTES,
      freeBytes: free * LINE_BYTES,
      largestFreeBytes: largest * LINE_BYTES,
      blocks,
    };
  }

  #has(map: number, line: number): boolean {
    return ((this.#word(MAP + 2 * (line >>> 5) + map) >>> (line & 31)) & 1) === 1;
  }

  #set(map: number, start: number, end: number): void {
    for (let pair = start >>> 5; pair * 32 < end; pair += 1) {
      const word = MAP + 2 * pair + map;
      this.#words[word] = this.#word(word) | (maskFrom(pair, start) & maskBefore(pair, end));
    }
  }

  #clear(map: number, start: number, end: number): void {
    for (let pair = start >>> 5; pair * 32 < end; pair += 1) {
      const word = MAP + 2 * pair + map;
      this.#words[word] = this.#word(word) & ~(maskFrom(pair, start) & maskBefore(pair, end));
    }
  }

  #word(index: number): number {
    return this.#words[index]!; // every index here comes from a line below #lines, or is a constant of the header
  }

  #foreign(offset: number): ForeignPointerError {
    const end = this.#dataOffset + this.#lines * LINE_BYTES;
    return new ForeignPointerError(
      `offset ${offset} is none that this allocator returns: those are multiples of 64 from ${this.#dataOffset} ` +
        `to ${end - LINE_BYTES}; free it where it was allocated`,
    );
  }

  #outOfMemory(bytes: number, alignment: number): OutOfMemoryError {
    const { freeBytes, largestFreeBytes } = this.#survey();
    return new OutOfMemoryError(
      `cannot allocate ${bytes} bytes aligned to ${alignment}: ${freeBytes} bytes are free, ` +
        `${largestFreeBytes} of them in one piece; free some, or create the allocator in a larger region`,
      bytes,
      freeBytes,
      largestFreeBytes,
    );
  }
}

/** The bits of the 32 lines of `pair` that are at or after line `start`, which is before the end of the pair. */
function maskFrom(pair: number, start: number): number {
  const skipped = start - pair * 32;
  return skipped <= 0 ? -1 : -1 << skipped;
}

/** The bits of the 32 lines of `pair` that are before line `end`, which is after the begin of the pair. */
function maskBefore(pair: number, end: number): number {
  const kept = end - pair * 32;
  return kept >= 32 ? -1 : ~(-1 << kept);
}

/** Number of the lowest set bit; `bits` is not 0. */
function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

function checkRegion({ buffer, offset, byteLength }: AllocatorHandle): void {
  if (!isShared(buffer)) {
    throw new TypeError(
      `an Allocator lives in a SharedArrayBuffer, got ${String(buffer)}: pass the buffer of a SharedMemory`,
    );
  }
  if (!Number.isInteger(offset) || offset < 0 || !Number.isInteger(byteLength)) {
    throw new BoundsError(
      `the region of an Allocator has an offset and a size in bytes, got ${offset} and ${byteLength}: ` +
        'pass integers of 0 or more',
    );
  }
  if (offset % LINE_BYTES !== 0) {
    throw new AlignmentError(
      `the region of an Allocator begins on a multiple of ${LINE_BYTES} bytes, got ${offset}`,
    );
  }
  if (byteLength < 3 * LINE_BYTES) {
    throw new BoundsError(
      `the region of an Allocator has ${byteLength} bytes: give it ${3 * LINE_BYTES} or more (header, map, one line)`,
    );
  }
  if (offset + byteLength > buffer.byteLength) {
    throw new BoundsError(
      `the region of an Allocator ends at ${offset + byteLength}, but the buffer has ${buffer.byteLength} bytes: ` +
        'stay inside it, or grow it first',
    );
  }
}

function checkRequest(bytes: number, alignment: number): void {
  if (!Number.isInteger(bytes) || bytes < 1) {
    throw new RangeError(`an allocation has a size in bytes, got ${bytes}: pass an integer of at least 1`);
  }
  const inRange = Number.isInteger(alignment) && alignment >= 1 && alignment <= 2 ** 30;
  if (!inRange || (alignment & (alignment - 1)) !== 0) {
    throw new AlignmentError(
      `an alignment is a power of two from 1 to 2^30, got ${alignment}: pass 64 for a cache line, or nothing`,
    );
  }
}
