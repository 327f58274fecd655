import { isShared } from '../cell.ts';
import { AlignmentError, BoundsError, OutOfMemoryError } from '../errors.ts';

/** Memory grows in pages of 64 KiB, as that of WebAssembly. */
const PAGE_BYTES = 65_536;
const DEFAULT_INITIAL_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAXIMUM_BYTES = 1024 ** 3;
/** 65,536 pages: what a 32-bit offset reaches. */
const LIMIT_BYTES = 4 * 1024 ** 3;

/** Sizes of a new memory, in bytes. Both are rounded up to whole pages of 64 KiB. */
export interface SharedMemoryOptions {
  /** Size to begin with; 16 MiB by default. At least 1. */
  readonly initialBytes?: number;
  /**
   * Size that it can grow to; by default 1 GiB, or the initial size if that is more. At most 4 GiB. The address range is
   * reserved at once, the memory itself only as it is used.
   */
  readonly maximumBytes?: number;
}

/** What other threads attach by: a plain object that structured clone carries over. */
export interface SharedMemoryHandle {
  readonly buffer: SharedArrayBuffer;
}

/**
 * One growable SharedArrayBuffer, handed out as typed views. It stays the same buffer when it grows, so all threads go on
 * seeing one memory, and views made before stay valid.
 *
 * Views are fixed: they have the length that was asked for, and do not follow growth. Offsets are bytes from the start
 * of the memory, and multiples of the element size. Lengths of views are elements.
 *
 * `read...` and `write...` are plain accesses: for data that one thread owns at a time, or that a lock guards. Integers
 * that are written wrap to the size of the element. Cells that threads contend for are AtomicInt32 and AtomicInt64 on
 * a view.
 *
 * Source: ECMA-262, section 25.2 (growable SharedArrayBuffer objects).
 */
export class SharedMemory {
  readonly #buffer: SharedArrayBuffer;
  /** Bytes that the cached views below cover: at most the size of the buffer, which another thread may have grown. */
  #coveredBytes: number;
  #uint8: Uint8Array<SharedArrayBuffer>;
  #int32: Int32Array<SharedArrayBuffer>;
  #uint32: Uint32Array<SharedArrayBuffer>;
  #float64: Float64Array<SharedArrayBuffer>;
  #bigInt64: BigInt64Array<SharedArrayBuffer>;

  private constructor(buffer: SharedArrayBuffer) {
    const bytes = buffer.byteLength;
    this.#buffer = buffer;
    this.#coveredBytes = bytes;
    this.#uint8 = new Uint8Array(buffer, 0, bytes);
    this.#int32 = new Int32Array(buffer, 0, Math.floor(bytes / 4));
    this.#uint32 = new Uint32Array(buffer, 0, Math.floor(bytes / 4));
    this.#float64 = new Float64Array(buffer, 0, Math.floor(bytes / 8));
    this.#bigInt64 = new BigInt64Array(buffer, 0, Math.floor(bytes / 8));
  }

  /**
   * A new memory, all zero.
   *
   * @throws RangeError when a size is no integer of at least 1, when the maximum is below the initial size or above 4 GiB
   * @throws OutOfMemoryError when the system refuses the memory or the address range
   */
  static create(options: SharedMemoryOptions = {}): SharedMemory {
    const initialBytes = wholePages('initialBytes', options.initialBytes ?? DEFAULT_INITIAL_BYTES);
    const maximumBytes = wholePages(
      'maximumBytes',
      options.maximumBytes ?? Math.max(DEFAULT_MAXIMUM_BYTES, initialBytes),
    );
    if (maximumBytes < initialBytes) {
      throw new RangeError(
        `maximumBytes (${maximumBytes}) is below initialBytes (${initialBytes}): raise it, or begin smaller`,
      );
    }
    return new SharedMemory(allocateBuffer(initialBytes, maximumBytes));
  }

  /**
   * The memory of another thread, by its handle. Nothing is written. A buffer of any size, growable or not, will do.
   *
   * @throws TypeError when the handle holds no SharedArrayBuffer
   */
  static attach(handle: SharedMemoryHandle): SharedMemory {
    if (!isShared(handle.buffer)) {
      throw new TypeError(
        `a SharedMemory handle holds a SharedArrayBuffer, got ${String(handle.buffer)}: ` +
          'pass the .handle of a SharedMemory, as it was sent',
      );
    }
    return new SharedMemory(handle.buffer);
  }

  /** What to send to other threads. */
  get handle(): SharedMemoryHandle {
    return { buffer: this.#buffer };
  }

  /** The buffer itself: the same object for the life of this memory. */
  get buffer(): SharedArrayBuffer {
    return this.#buffer;
  }

  /** Current size in bytes, growth by other threads included. */
  get byteLength(): number {
    return this.#buffer.byteLength;
  }

  /** Size in bytes that the memory can grow to. */
  get maximumBytes(): number {
    return this.#buffer.maxByteLength;
  }

  /**
   * Makes the memory at least `minimumBytes` bytes large (in all, not in addition; rounded up to whole pages), for all
   * threads. Does nothing when it is that large already. Returns the size that it then has. New bytes are zero.
   * Several threads may call it at once: the largest request wins.
   *
   * @throws RangeError when the size is no integer of at least 1
   * @throws OutOfMemoryError when it is above `maximumBytes`, or the system has no more memory
   */
  grow(minimumBytes: number): number {
    checkSize('minimumBytes', minimumBytes);
    const buffer = this.#buffer;
    if (minimumBytes <= buffer.byteLength) return buffer.byteLength;
    const target = roundUp(minimumBytes);
    if (target > buffer.maxByteLength) throw this.#cannotGrow(target, 'its maximumBytes');
    try {
      buffer.grow(target);
    } catch (cause) {
      // A buffer refuses to shrink: then another thread has just grown the memory further, which is as good.
      if (buffer.byteLength < target) throw this.#cannotGrow(target, `the system (${String(cause)})`);
    }
    return buffer.byteLength;
  }

  /**
   * Views of `length` elements from the byte `offset` on. They share the memory; none of it is copied.
   *
   * @throws AlignmentError when the offset is no multiple of the element's size
   * @throws BoundsError when the view would leave the memory, or a number is no integer
   */
  int8(offset: number, length: number): Int8Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 1, 'int8');
    return new Int8Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  uint8(offset: number, length: number): Uint8Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 1, 'uint8');
    return new Uint8Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  int16(offset: number, length: number): Int16Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 2, 'int16');
    return new Int16Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  uint16(offset: number, length: number): Uint16Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 2, 'uint16');
    return new Uint16Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  int32(offset: number, length: number): Int32Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 4, 'int32');
    return new Int32Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  uint32(offset: number, length: number): Uint32Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 4, 'uint32');
    return new Uint32Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  float32(offset: number, length: number): Float32Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 4, 'float32');
    return new Float32Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  float64(offset: number, length: number): Float64Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 8, 'float64');
    return new Float64Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  bigInt64(offset: number, length: number): BigInt64Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 8, 'bigInt64');
    return new BigInt64Array(this.#buffer, offset, length);
  }

  /** See {@link SharedMemory.int8}. */
  bigUint64(offset: number, length: number): BigUint64Array<SharedArrayBuffer> {
    this.#checkView(offset, length, 8, 'bigUint64');
    return new BigUint64Array(this.#buffer, offset, length);
  }

  /**
   * The element at the byte `offset`, by a plain read.
   *
   * @throws AlignmentError when the offset is no multiple of the element's size
   * @throws BoundsError when the element leaves the memory, or the offset is no integer
   */
  readUint8(offset: number): number {
    this.#checkElement(offset, 1, 'uint8');
    return this.#uint8[offset]!; // checked, as in all the reads below
  }

  /** See {@link SharedMemory.readUint8}. */
  readInt32(offset: number): number {
    this.#checkElement(offset, 4, 'int32');
    return this.#int32[offset / 4]!;
  }

  /** See {@link SharedMemory.readUint8}. */
  readUint32(offset: number): number {
    this.#checkElement(offset, 4, 'uint32');
    return this.#uint32[offset / 4]!;
  }

  /** See {@link SharedMemory.readUint8}. */
  readFloat64(offset: number): number {
    this.#checkElement(offset, 8, 'float64');
    return this.#float64[offset / 8]!;
  }

  /** See {@link SharedMemory.readUint8}. */
  readBigInt64(offset: number): bigint {
    this.#checkElement(offset, 8, 'bigInt64');
    return this.#bigInt64[offset / 8]!;
  }

  /**
   * Sets the element at the byte `offset`, by a plain write.
   *
   * @throws AlignmentError when the offset is no multiple of the element's size
   * @throws BoundsError when the element leaves the memory, or the offset is no integer
   */
  writeUint8(offset: number, value: number): void {
    this.#checkElement(offset, 1, 'uint8');
    this.#uint8[offset] = value;
  }

  /** See {@link SharedMemory.writeUint8}. */
  writeInt32(offset: number, value: number): void {
    this.#checkElement(offset, 4, 'int32');
    this.#int32[offset / 4] = value;
  }

  /** See {@link SharedMemory.writeUint8}. */
  writeUint32(offset: number, value: number): void {
    this.#checkElement(offset, 4, 'uint32');
    this.#uint32[offset / 4] = value;
  }

  /** See {@link SharedMemory.writeUint8}. */
  writeFloat64(offset: number, value: number): void {
    this.#checkElement(offset, 8, 'float64');
    this.#float64[offset / 8] = value;
  }

  /** See {@link SharedMemory.writeUint8}. */
  writeBigInt64(offset: number, value: bigint): void {
    this.#checkElement(offset, 8, 'bigInt64');
    this.#bigInt64[offset / 8] = value;
  }

  #checkView(offset: number, length: number, size: number, kind: string): void {
    if (!Number.isInteger(length) || length < 0) {
      throw new BoundsError(
        `${kind} takes a length in elements, got ${length}: pass an integer of 0 or more`,
      );
    }
    const bytes = this.#buffer.byteLength;
    checkOffset(offset, size, kind);
    if (offset + length * size > bytes) throw outOfBounds(offset, length * size, kind, bytes);
  }

  #checkElement(offset: number, size: number, kind: string): void {
    checkOffset(offset, size, kind);
    if (offset + size > this.#coveredBytes) this.#cover(offset, size, kind);
  }

  /** Makes the cached views follow the growth of the memory, or throws when it has not grown so far. */
  #cover(offset: number, size: number, kind: string): void {
    const bytes = this.#buffer.byteLength;
    if (offset + size > bytes) throw outOfBounds(offset, size, kind, bytes);
    this.#uint8 = new Uint8Array(this.#buffer, 0, bytes);
    this.#int32 = new Int32Array(this.#buffer, 0, Math.floor(bytes / 4));
    this.#uint32 = new Uint32Array(this.#buffer, 0, Math.floor(bytes / 4));
    this.#float64 = new Float64Array(this.#buffer, 0, Math.floor(bytes / 8));
    this.#bigInt64 = new BigInt64Array(this.#buffer, 0, Math.floor(bytes / 8));
    this.#coveredBytes = bytes;
  }

  #cannotGrow(target: number, limit: string): OutOfMemoryError {
    const left = this.maximumBytes - this.byteLength;
    return new OutOfMemoryError(
      `the memory of ${this.byteLength} bytes cannot grow to ${target}: ${limit} allows ${this.maximumBytes} at most; ` +
        'create it with a larger maximumBytes, or free some of it',
      target,
      left,
      left,
    );
  }
}

function checkOffset(offset: number, size: number, kind: string): void {
  if (!Number.isInteger(offset) || offset < 0) {
    throw new BoundsError(`${kind} takes an offset in bytes, got ${offset}: pass an integer of 0 or more`);
  }
  if (offset % size !== 0) {
    const below = offset - (offset % size);
    throw new AlignmentError(
      `offset ${offset} is no multiple of ${size}, the size of ${kind} in bytes: ` +
        `the nearest are ${below} and ${below + size}`,
    );
  }
}

function outOfBounds(offset: number, bytes: number, kind: string, size: number): BoundsError {
  return new BoundsError(
    `${bytes} bytes of ${kind} from offset ${offset} end at ${offset + bytes}, but the memory has ${size} bytes: ` +
      'stay inside it, or grow it first',
  );
}

function checkSize(name: string, bytes: number): void {
  if (Number.isInteger(bytes) && bytes >= 1) return;
  throw new RangeError(`${name} is a size in bytes, got ${bytes}: pass an integer of at least 1`);
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

function wholePages(name: string, bytes: number): number {
  checkSize(name, bytes);
  const rounded = roundUp(bytes);
  if (rounded > LIMIT_BYTES) {
    throw new RangeError(`${name} is at most ${LIMIT_BYTES} bytes (4 GiB), got ${bytes}`);
  }
  return rounded;
}

function allocateBuffer(initialBytes: number, maximumBytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(initialBytes, { maxByteLength: maximumBytes });
  } catch (cause) {
    throw new OutOfMemoryError(
      `the system refuses a memory of ${initialBytes} bytes that may grow to ${maximumBytes} (${String(cause)}): ` +
        'ask for less',
      initialBytes,
      0,
      0,
    );
  }
}
