/**
 * Slots of shared memory, a row for each thread, from which ThreadLocal takes its variables. Why shared memory, when a
 * module variable is thread-local already: the rows belong to thread *ids*, which outlive workers and can be looked after
 * from outside; and WebAssembly code in the same memory reaches them.
 */
import { checkInt32Cells } from '../cell.ts';
import { BoundsError, NotCreatedError, OutOfMemoryError, RoleTakenError } from '../errors.ts';
import { checkLine, wholeLines } from '../line.ts';

// Cells from the index on, in lines:
//   0 shape      threads, cells of a row; constant after create
//   2 next       cells of each row that are given to keys; only rises
//   3 releases   + 1 after each release: who saw every id in use looks again if one came back meanwhile
//  16 claims     for each thread 1 while its row is in use
//   . rows       for each thread the slots of all keys, in whole lines; only the thread that has the row touches it
// A slot: { set: 0 or 1, value: the words of its codec }. All zero: not set, whatever the value would be.
const NEXT = 2;
const RELEASES = 3;
const CLAIMS = 16;
const DEFAULT_THREADS = 16;
const DEFAULT_BYTES = 1024;
const MAXIMUM_THREADS = 65_536;
const MAXIMUM_BYTES = 2 ** 24;

/** The shape of a new storage. */
export interface ThreadStorageOptions {
  /** Thread ids from 0 to below this; 16 by default. */
  readonly threads?: number;
  /** Bytes of slots for each thread, rounded up to whole lines of 64; 1,024 by default: 128 variables of one word. */
  readonly bytesPerThread?: number;
}

/** What other threads attach by: a plain object that structured clone carries over. */
export interface ThreadStorageHandle {
  readonly view: Int32Array<SharedArrayBuffer>;
  readonly index: number;
  readonly threads: number;
  readonly bytesPerThread: number;
}

/** A variable of all threads: where its slot is in each row. A plain object that structured clone carries over. */
export interface ThreadLocalKey {
  /** First cell of the slot, from the start of a row. */
  readonly offset: number;
  /** Int32 words of a value. */
  readonly words: number;
}

/**
 * Rows of slots, one for each thread id. A thread claims an id, which clears its row, and releases it at its end; an
 * id that is released can be claimed again. Lives in Int32 cells of shared memory, from a cache line on; each row has its
 * lines for itself. The object is one thread's handle.
 */
export class ThreadStorage {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #threads: number;
  readonly #rowCells: number;
  /** Id that this handle has claimed, -1 before and after. */
  #thread = -1;
  /** First cell of the claimed row in the view. */
  #row = 0;
  /** Whether it was claimed for this handle by another, who frees it. */
  #lent = false;
  #created = false;

  private constructor({ view, index, threads, bytesPerThread }: ThreadStorageHandle) {
    checkShape('threads', threads, MAXIMUM_THREADS);
    checkShape('bytesPerThread', bytesPerThread, MAXIMUM_BYTES);
    checkInt32Cells(view, index, ThreadStorage.cells({ threads, bytesPerThread }), 'a ThreadStorage');
    checkLine(view, index, 'a ThreadStorage');
    this.#view = view;
    this.#index = index;
    this.#threads = threads;
    this.#rowCells = wholeLines(Math.ceil(bytesPerThread / 4));
  }

  /** Int32 cells that a storage takes: whole lines. */
  static cells({
    threads = DEFAULT_THREADS,
    bytesPerThread = DEFAULT_BYTES,
  }: ThreadStorageOptions = {}): number {
    return CLAIMS + wholeLines(threads) + threads * wholeLines(Math.ceil(bytesPerThread / 4));
  }

  /**
   * Makes `ThreadStorage.cells(options)` cells from `index` on a storage without keys and with all ids free.
   * One thread creates; the others attach.
   *
   * @throws RangeError when threads are no integer from 1 to 65,536, or bytes none from 1 to 2^24
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   * @throws AlignmentError when the first cell does not begin a cache line
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    options: ThreadStorageOptions = {},
  ): ThreadStorage {
    const { threads = DEFAULT_THREADS, bytesPerThread = DEFAULT_BYTES } = options;
    const storage = new ThreadStorage({ view, index, threads, bytesPerThread });
    view.fill(0, index, index + ThreadStorage.cells(options));
    view[index + 1] = storage.#rowCells;
    Atomics.store(view, index, threads);
    return storage;
  }

  /** This thread's handle on a storage that was created elsewhere, without an id yet. Touches no cell. Throws as `create`. */
  static attach(handle: ThreadStorageHandle): ThreadStorage {
    return new ThreadStorage(handle);
  }

  /** What to send to other threads. */
  get handle(): ThreadStorageHandle {
    return {
      view: this.#view,
      index: this.#index,
      threads: this.#threads,
      bytesPerThread: this.#rowCells * 4,
    };
  }

  /** The id that this handle has claimed; -1 when it has none. */
  get thread(): number {
    return this.#thread;
  }

  /**
   * Takes a thread id, by default one of the lowest that are free, and clears its row. Returns the id.
   *
   * Cost: a compare-exchange for each id that is tried, and the clearing.
   *
   * @throws BoundsError when `thread` is no id of this storage
   * @throws RoleTakenError when this handle has an id already, or `thread` (without it: every id) is in use
   * @throws NotCreatedError when nobody created a storage there
   */
  claim(thread?: number): number {
    this.#checkCreated();
    if (thread !== undefined) this.#checkThread(thread);
    this.#checkFree();
    return thread === undefined ? this.#claimAny() : this.#claimOne(thread);
  }

  /** As `claim`, but -1 when every id is in use. */
  tryClaim(): number {
    try {
      return this.claim();
    } catch (error) {
      if (error instanceof RoleTakenError && this.#thread < 0) return -1;
      throw error;
    }
  }

  /**
   * Takes over an id that another thread has claimed for this one, and clears its row. Who claimed it frees it, by `forget` when this thread has
   * ended; `release` of this handle only clears the row.
   *
   * @throws BoundsError, RoleTakenError as `claim`
   * @throws NotCreatedError when nobody has claimed the id, or nobody created a storage there
   */
  adopt(thread: number): number {
    this.#checkCreated();
    this.#checkThread(thread);
    this.#checkFree();
    // Partner: the compare-exchange of the claim, before this thread was started.
    if (Atomics.load(this.#view, this.#index + CLAIMS + thread) !== 1) {
      throw new NotCreatedError(
        `nobody has claimed thread id ${thread} for this thread: let who starts it claim one, and send its number`,
      );
    }
    this.#take(thread);
    this.#lent = true;
    return thread;
  }

  /** Clears the row and gives the id back. Does nothing when this handle has none. */
  release(): void {
    if (this.#thread < 0) return;
    const thread = this.#thread;
    this.#clear();
    this.#thread = -1;
    if (this.#lent) {
      this.#lent = false;
      return;
    }
    // Partner: the compare-exchange of the next claim.
    Atomics.store(this.#view, this.#index + CLAIMS + thread, 0);
    Atomics.add(this.#view, this.#index + RELEASES, 1);
  }

  /**
   * Frees the id of a thread that has ended without releasing it (to be called after its end, not before: it may still
   * write). Says whether the id was in use.
   *
   * @throws BoundsError when `thread` is no id of this storage
   * @throws NotCreatedError when nobody created a storage there
   */
  forget(thread: number): boolean {
    this.#checkCreated();
    this.#checkThread(thread);
    // The next claim clears the row. Partner: that claim's compare-exchange.
    const inUse = Atomics.exchange(this.#view, this.#index + CLAIMS + thread, 0) === 1;
    Atomics.add(this.#view, this.#index + RELEASES, 1);
    return inUse;
  }

  /**
   * Reserves a slot in every row. Keys are never given back: they are the program's variables, not its data.
   * For {@link ThreadLocal.create}.
   *
   * @throws RangeError when the words are no integer from 1 on
   * @throws OutOfMemoryError when the rows have no space left for it
   * @throws NotCreatedError when nobody created a storage there
   */
  allocateKey(words: number): ThreadLocalKey {
    if (!Number.isInteger(words) || words < 1) {
      throw new RangeError(
        `a thread-local variable has a whole number of Int32 words from 1 on, got ${words}: mend its codec`,
      );
    }
    this.#checkCreated();
    const at = this.#index + NEXT;
    for (;;) {
      const offset = Atomics.load(this.#view, at);
      const end = offset + 1 + words;
      if (end > this.#rowCells) {
        const freeBytes = (this.#rowCells - offset) * 4;
        throw new OutOfMemoryError(
          `a thread-local variable takes ${4 * (1 + words)} bytes of each thread, but ${freeBytes} of ` +
            `${this.#rowCells * 4} are left: create the storage with more bytesPerThread`,
          4 * (1 + words),
          freeBytes,
          freeBytes,
        );
      }
      // Partner: other threads that allocate a key; the load in checkKey.
      if (Atomics.compareExchange(this.#view, at, offset, end) === offset) return { offset, words };
    }
  }

  /** Checks that a key lies in the rows. Touches no cell. Throws BoundsError. For {@link ThreadLocal.attach}. */
  checkKeyShape({ offset, words }: ThreadLocalKey): void {
    const fits = Number.isInteger(offset) && offset >= 0 && Number.isInteger(words) && words >= 1;
    if (fits && offset + 1 + words <= this.#rowCells) return;
    throw new BoundsError(
      `a key of ${words} words at offset ${offset} is not in the ${this.#rowCells} cells of a thread: ` +
        'pass the key of a ThreadLocal, as it was sent',
    );
  }

  /** Checks that a key of this shape was allocated. One atomic load. Throws NotCreatedError. For {@link ThreadLocal}. */
  checkKeyAllocated({ offset, words }: ThreadLocalKey): void {
    // Partner: the compare-exchange in allocateKey.
    const next = Atomics.load(this.#view, this.#index + NEXT);
    if (offset + 1 + words <= next) return;
    throw new NotCreatedError(
      `nobody allocated a key at offset ${offset} (keys end at ${next}): one thread must call ThreadLocal.create first`,
    );
  }

  /** The view that the slots are in. For {@link ThreadLocal}. */
  get view(): Int32Array<SharedArrayBuffer> {
    return this.#view;
  }

  /**
   * First cell in the view of this thread's row. No atomic operation. For {@link ThreadLocal}.
   *
   * @throws NotCreatedError when this handle has no thread id
   */
  row(): number {
    if (this.#thread >= 0) return this.#row;
    throw new NotCreatedError('this handle has no thread id, so it has no slots: call claim() first');
  }

  #claimOne(thread: number): number {
    if (this.#tryClaim(thread)) return thread;
    throw new RoleTakenError(
      `thread id ${thread} is in use: its thread must release it, or somebody forget it after its death`,
    );
  }

  #claimAny(): number {
    for (;;) {
      // Partner: the add of release and forget. Without a change until the end of the scan, all ids are in use then.
      const releases = Atomics.load(this.#view, this.#index + RELEASES);
      for (let thread = 0; thread < this.#threads; thread += 1) {
        if (this.#tryClaim(thread)) return thread;
      }
      if (Atomics.load(this.#view, this.#index + RELEASES) === releases) break;
    }
    throw new RoleTakenError(
      `all ${this.#threads} thread ids are in use: release one, or create the storage for more threads`,
    );
  }

  #tryClaim(thread: number): boolean {
    // Partner: the store of release or forget, after which nobody touches the row.
    if (Atomics.compareExchange(this.#view, this.#index + CLAIMS + thread, 0, 1) !== 0) return false;
    this.#take(thread);
    return true;
  }

  #take(thread: number): void {
    this.#thread = thread;
    this.#row = this.#index + CLAIMS + wholeLines(this.#threads) + thread * this.#rowCells;
    // Who had the id before may have died without clearing it.
    this.#clear();
  }

  #clear(): void {
    this.#view.fill(0, this.#row, this.#row + this.#rowCells);
  }

  #checkThread(thread: number): void {
    if (Number.isInteger(thread) && thread >= 0 && thread < this.#threads) return;
    throw new BoundsError(
      `thread id ${thread} is not in this ThreadStorage: its ids are 0 to ${this.#threads - 1}`,
    );
  }

  #checkFree(): void {
    if (this.#thread < 0) return;
    throw new RoleTakenError(
      `this handle has thread id ${this.#thread} already: release it before another is claimed`,
    );
  }

  #checkCreated(): void {
    if (this.#created) return;
    // Partner: the store of create.
    const threads = Atomics.load(this.#view, this.#index);
    const rowCells = this.#view[this.#index + 1];
    if (threads !== this.#threads || rowCells !== this.#rowCells) {
      throw new NotCreatedError(
        `there is no ThreadStorage of ${this.#threads} threads at index ${this.#index} (found: ${threads}): ` +
          'one thread must call ThreadStorage.create first, and the others attach by its handle',
      );
    }
    this.#created = true;
  }
}

function checkShape(name: string, value: number, maximum: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= maximum) return;
  throw new RangeError(`${name} of a ThreadStorage is an integer from 1 to ${maximum}, got ${value}`);
}
