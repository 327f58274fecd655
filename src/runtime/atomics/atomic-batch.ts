/**
 * Many atomic operations in one call: queued as records, then run by one loop. What it saves is the call of a method for
 * each, and, with the WebAssembly kernel, the call of a builtin for each.
 */
import { checkInt32Cells } from '../cell.ts';
import { BoundsError, EmptyBatchError, OutOfMemoryError } from '../errors.ts';
import { batchKernel, type Kernel, type KernelMemory } from './batch-kernel.ts';

// A record, 4 words: { operation, address, operand, expected }
//   address    byte offset of the cell in the view; with a kernel, in the buffer
//   expected   of compareExchange; after the run, the result of any operation
const RECORD_WORDS = 4;
const ADDRESS = 1;
const OPERAND = 2;
const RESULT = 3;
const LOAD = 0;
const STORE = 1;
const ADD = 2;
const SUB = 3;
const AND = 4;
const OR = 5;
const XOR = 6;
const EXCHANGE = 7;
const COMPARE_EXCHANGE = 8;

const MAXIMUM_CAPACITY = 2 ** 20;

/** Where the kernel runs, and where its records are. */
export interface BatchKernelOptions {
  /** The shared `WebAssembly.Memory` whose `buffer` the view is of. */
  readonly memory: KernelMemory;
  /** Byte offset in that buffer of 16 bytes for each operation: a multiple of 4, used by this batch alone. */
  readonly offset: number;
}

/** How a batch is made. */
export interface AtomicBatchOptions {
  /** Most operations in a batch; 1,000 by default. */
  readonly capacity?: number;
  /** Runs the batch in WebAssembly. Without it the batch runs in JavaScript, with the same results. */
  readonly kernel?: BatchKernelOptions;
}

/**
 * A queue of atomic operations on the cells of one Int32Array. Each operation is atomic on its own, and they take effect
 * in the order in which they were queued. **The batch as a whole is not atomic**: other threads see the cells between
 * any two of its operations. Who needs it whole holds a Mutex around `execute`, and around the reads.
 *
 * ```ts
 * const before = batch.add(0, 5);
 * batch.store(1, 7);
 * batch.execute();
 * batch.result(before); // what cell 0 held
 * ```
 *
 * An object of one thread; nothing of it is shared but the cells. Values are integers, and wrap as two's complement.
 *
 * Cost: 2 to 3 ns to queue an operation; to run it, one `Atomics` call, or with the kernel about half of that.
 */
export class AtomicBatch {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #capacity: number;
  /** The records; with a kernel in the shared memory, else this object's own. */
  readonly #records: Int32Array;
  /** Byte offset of cell 0 in what addresses count from. */
  readonly #origin: number;
  readonly #kernel: Kernel | undefined;
  #queued = 0;
  /** Operations of the last execute, whose results are still there. */
  #executed = 0;

  private constructor(view: Int32Array<SharedArrayBuffer>, { capacity = 1000, kernel }: AtomicBatchOptions) {
    checkInt32Cells(view, 0, 1, 'an AtomicBatch');
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > MAXIMUM_CAPACITY) {
      throw new RangeError(`the capacity of an AtomicBatch is an integer from 1 to 2^20, got ${capacity}`);
    }
    this.#view = view;
    this.#capacity = capacity;
    if (kernel === undefined) {
      this.#records = new Int32Array(capacity * RECORD_WORDS);
      this.#origin = 0;
    } else {
      this.#records = kernelRecords(view, kernel, capacity * RECORD_WORDS);
      this.#origin = view.byteOffset;
      this.#kernel = batchKernel(kernel.memory);
    }
  }

  /**
   * A batch for cells of the view. Touches no cell.
   *
   * @throws TypeError when the view is no Int32Array over shared memory, or with a kernel not over that memory's buffer
   * @throws RangeError when the capacity is no integer from 1 to 2^20
   * @throws BoundsError when the view is empty, or the kernel's records leave the buffer or are not aligned to 4 bytes
   */
  static create(view: Int32Array<SharedArrayBuffer>, options: AtomicBatchOptions = {}): AtomicBatch {
    return new AtomicBatch(view, options);
  }

  /** Operations that are queued. */
  get size(): number {
    return this.#queued;
  }

  /**
   * Queues a load; its result is the value. Like all methods that queue, it returns the operation's number, from 0 on, for
   * {@link AtomicBatch.result}, and forgets the results of the batch before.
   *
   * @throws BoundsError when the index is no cell of the view
   * @throws OutOfMemoryError when the batch is full
   */
  load(index: number): number {
    return this.#queue(LOAD, index, 0, 0);
  }

  /** Queues a store; its result is what was stored. See {@link AtomicBatch.load}. */
  store(index: number, value: number): number {
    return this.#queue(STORE, index, value, 0);
  }

  /** Queues an addition; its result is the old value, as of all that follow. See {@link AtomicBatch.load}. */
  add(index: number, value: number): number {
    return this.#queue(ADD, index, value, 0);
  }

  /** Queues a subtraction. */
  sub(index: number, value: number): number {
    return this.#queue(SUB, index, value, 0);
  }

  /** Queues a bitwise and. */
  and(index: number, value: number): number {
    return this.#queue(AND, index, value, 0);
  }

  /** Queues a bitwise or. */
  or(index: number, value: number): number {
    return this.#queue(OR, index, value, 0);
  }

  /** Queues a bitwise exclusive or. */
  xor(index: number, value: number): number {
    return this.#queue(XOR, index, value, 0);
  }

  /** Queues an exchange. */
  exchange(index: number, value: number): number {
    return this.#queue(EXCHANGE, index, value, 0);
  }

  /** Queues a compare-exchange: stores `replacement` if the value is `expected`. */
  compareExchange(index: number, expected: number, replacement: number): number {
    return this.#queue(COMPARE_EXCHANGE, index, replacement, expected);
  }

  /**
   * Runs what is queued, in order, and empties the queue; returns how many operations it ran. Their results can be read
   * until something is queued again.
   *
   * @throws EmptyBatchError when nothing is queued: a batch runs once
   */
  execute(): number {
    const count = this.#queued;
    if (count === 0) {
      throw new EmptyBatchError('nothing is queued in the AtomicBatch: a batch runs once, queue it again');
    }
    this.#queued = 0;
    this.#executed = count;
    const records = this.#records;
    if (this.#kernel === undefined) {
      runRecords(records, count, this.#view);
    } else {
      this.#kernel(records.byteOffset, records.byteOffset + count * RECORD_WORDS * 4);
    }
    return count;
  }

  /**
   * The result of an operation of the last `execute`, by its number.
   *
   * @throws BoundsError when there is no such result (any more)
   */
  result(operation: number): number {
    if (Number.isInteger(operation) && operation >= 0 && operation < this.#executed) {
      return this.#records[operation * RECORD_WORDS + RESULT]!; // below the capacity
    }
    throw new BoundsError(
      this.#executed === 0
        ? `there are no results to read number ${operation} of: call execute() first, and read before queueing again`
        : `the last execute has results 0 to ${this.#executed - 1}, got ${operation}`,
    );
  }

  #queue(operation: number, index: number, operand: number, expected: number): number {
    const queued = this.#queued;
    if (!(index >= 0 && index < this.#view.length && Number.isInteger(index))) {
      throw new BoundsError(
        `an AtomicBatch on a view of ${this.#view.length} cells got index ${index}: ` +
          `pass an integer from 0 to ${this.#view.length - 1}`,
      );
    }
    if (queued === this.#capacity) {
      throw new OutOfMemoryError(
        `the AtomicBatch is full with ${queued} operations: execute it, or create it with a larger capacity`,
        RECORD_WORDS * 4,
        0,
        0,
      );
    }
    const records = this.#records;
    const at = queued * RECORD_WORDS;
    records[at] = operation;
    records[at + ADDRESS] = this.#origin + index * 4;
    records[at + OPERAND] = operand;
    records[at + RESULT] = expected;
    this.#executed = 0;
    this.#queued = queued + 1;
    return queued;
  }
}

/** The kernel's loop in JavaScript. Partners: whoever else uses the cells; each operation is one of its own. */
function runRecords(records: Int32Array, count: number, view: Int32Array<SharedArrayBuffer>): void {
  for (let at = 0; at < count * RECORD_WORDS; at += RECORD_WORDS) {
    const index = records[at + ADDRESS]! >> 2; // all below the capacity, here and below
    const operand = records[at + OPERAND]!;
    switch (records[at]) {
      case LOAD:
        records[at + RESULT] = Atomics.load(view, index);
        break;
      case STORE:
        records[at + RESULT] = Atomics.store(view, index, operand);
        break;
      case ADD:
        records[at + RESULT] = Atomics.add(view, index, operand);
        break;
      case SUB:
        records[at + RESULT] = Atomics.sub(view, index, operand);
        break;
      case AND:
        records[at + RESULT] = Atomics.and(view, index, operand);
        break;
      case OR:
        records[at + RESULT] = Atomics.or(view, index, operand);
        break;
      case XOR:
        records[at + RESULT] = Atomics.xor(view, index, operand);
        break;
      case EXCHANGE:
        records[at + RESULT] = Atomics.exchange(view, index, operand);
        break;
      default:
        records[at + RESULT] = Atomics.compareExchange(view, index, records[at + RESULT]!, operand);
    }
  }
}

function kernelRecords(
  view: Int32Array<SharedArrayBuffer>,
  { memory, offset }: BatchKernelOptions,
  words: number,
): Int32Array {
  const { buffer } = memory;
  if (view.buffer !== buffer) {
    throw new TypeError(
      'the kernel of an AtomicBatch works in its WebAssembly.Memory only, but the view is of another buffer: ' +
        'make the view of memory.buffer (anew when the memory has grown)',
    );
  }
  const aligned = Number.isInteger(offset) && offset >= 0 && offset % 4 === 0;
  if (!aligned || offset + words * 4 > buffer.byteLength) {
    throw new BoundsError(
      `the records of an AtomicBatch take ${words * 4} bytes from offset ${offset}, a multiple of 4, ` +
        `but the memory has ${buffer.byteLength} bytes`,
    );
  }
  return new Int32Array(buffer, offset, words);
}
