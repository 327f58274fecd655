/**
 * Debug mode for locks: a wait-for graph and a lock-order graph in shared memory. A wait that would be for ever throws instead,
 * and says who holds and who waits.
 *
 * Sources: Knapp, "Deadlock Detection in Distributed Databases" (ACM Computing Surveys 1987), the AND model: a thread goes on
 * once *all* it waits for have given way, so a circle is a deadlock, and the thread that closes it finds it. Lock order:
 * the lockdep of Linux. Departure: a debugged lock never waits inside the lock itself; all attempts are made under the
 * graph's mutex. So what the graph says is the truth at that moment: it reports every deadlock, and nothing else.
 */
import { checkInt32Cells } from '../cell.ts';
import { BoundsError, DeadlockError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { type LockMode, type LockOrder, LockTable, SHARED } from './lock-table.ts';
import { Mutex } from './mutex.ts';

// Cell 0: the mutex around the table. Cell 1: a number that changes when sleeping threads should try again. Then the table.
const TURN = 1;
const TABLE = 2;

/** Sizes of a graph. */
export interface LockGraphOptions {
  /** Most threads that hold or await locks at a time; 16 by default. */
  readonly threads?: number;
  /** Number of locks, which are numbered from 0; 16 by default. */
  readonly locks?: number;
}

/** A lock as the graph needs it. */
export interface GraphedLock {
  readonly number: number;
  readonly name: string;
  /** Takes the lock if it is free. */
  tryTake(mode: LockMode): boolean;
}

/**
 * A graph of the locks of a program. Lives in `LockGraph.cells(options)` neighbouring cells; the object is a handle for one
 * thread. Wrap every lock in a DebugMutex or DebugRwLock in every thread, each lock under the same number
 * everywhere: of what goes past the graph it knows nothing.
 *
 * Cost: none for locks that are not wrapped, which have no code for it. A wrapped lock takes the graph's mutex for each
 * call, a search of the graph for each wait, and wakes all who wait at each unlock.
 */
export class LockGraph {
  protected readonly table: LockTable;
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;
  readonly #mutex: Mutex;
  /** Names of the locks that this handle knows. */
  readonly #names: string[] = [];

  protected constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number, cells: number) {
    checkInt32Cells(view, index, cells, 'a LockGraph');
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
    this.#mutex = Mutex.attach(view, index, owner);
    this.table = new LockTable(view, index + TABLE);
  }

  /**
   * Number of cells that a graph takes.
   *
   * @throws RangeError when a size is no integer from 1 to 4,096
   */
  static cells({ threads = 16, locks = 16 }: LockGraphOptions = {}): number {
    for (const [name, size] of [
      ['threads', threads],
      ['locks', locks],
    ] as const) {
      if (!Number.isInteger(size) || size < 1 || size > 4096)
        throw new RangeError(`a LockGraph has from 1 to 4096 ${name}, got ${size}: pass how many there are`);
    }
    return TABLE + LockTable.cells(threads, locks);
  }

  /**
   * Makes an empty graph from `index` on and returns this thread's handle. One thread creates; the others attach.
   *
   * @param owner id of the thread that uses this handle
   * @throws RangeError when a size is no integer from 1 to 4,096, or the owner no thread id
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    options: LockGraphOptions = {},
    owner: number = currentThreadId(),
  ): LockGraph {
    const graph = new this(view, index, owner, LockGraph.cells(options));
    Mutex.create(view, index, owner);
    const { threads = 16, locks = 16 } = options;
    graph.table.create(threads, locks);
    Atomics.store(view, index + TURN, 0);
    return graph;
  }

  /** This thread's handle on a graph that was created elsewhere. Does not touch the cells. Throws TypeError, BoundsError, RangeError as `create`. */
  static attach(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): LockGraph {
    return new this(view, index, owner, TABLE + LockTable.cells(1, 1));
  }

  /**
   * Pairs of locks that were taken in an order which, with the other pairs, goes in a circle: such a program can deadlock, even
   * if it has not yet. Empty for a program that takes its locks in one order. Only waits without limit count.
   *
   * @throws NotCreatedError when nobody created the graph
   */
  inversions(): readonly LockOrder[] {
    this.#enter();
    try {
      return this.table.inversions();
    } finally {
      this.#mutex.unlock();
    }
  }

  /**
   * To be called once a thread has ended, before the locks are poisoned: forgets what it held and awaited.
   * Frees the graph, too, if it died inside.
   */
  forget(deadOwner: number): void {
    if (this.#mutex.poison(deadOwner)) this.#mutex.clearPoison();
    this.#enter();
    try {
      const row = this.table.find(deadOwner);
      if (row !== -1) this.table.forget(row);
      this.#wakeAll();
    } finally {
      this.#mutex.unlock();
    }
  }

  /** Checks a lock's number, and keeps its name for reports. For the wrappers. */
  register(lock: GraphedLock): void {
    this.table.open();
    if (!Number.isInteger(lock.number) || lock.number < 0 || lock.number >= this.table.locks) {
      throw new BoundsError(
        `the LockGraph has locks 0 to ${this.table.locks - 1}, got ${lock.number}: ` +
          'number the locks from 0, or create the graph for more',
      );
    }
    this.#names[lock.number] = lock.name;
  }

  /**
   * Takes the lock within the limit; says whether it did. For the wrappers.
   *
   * @throws DeadlockError when the wait would be for ever
   */
  acquire(lock: GraphedLock, mode: LockMode, timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    const deadline = deadlineAfter(timeoutMs);
    const timed = timeoutMs !== Infinity;
    const row = this.#enterAs();
    try {
      if (!timed) this.table.noteOrder(row, lock.number);
      let expired = timeoutMs === 0;
      for (;;) {
        // As the RwLock does: writers that wait come before new readers.
        const behind = mode === SHARED && this.table.writerWaits(row, lock.number, false);
        if (!behind && lock.tryTake(mode)) {
          this.table.setHold(row, lock.number, mode);
          return true;
        }
        if (expired) return false;
        this.table.setWaiting(row, lock.number, mode, timed);
        if (!timed) this.#refuseDeadlock(row);
        expired = this.#sleep(deadline);
      }
    } finally {
      // Who gives up may have kept readers out.
      if (this.table.isWaiting(row)) {
        this.table.clearWaiting(row);
        this.#wakeAll();
      }
      this.#mutex.unlock();
    }
  }

  /** Runs a change of who holds the lock (`release`, which may throw), and notes it. For the wrappers. */
  change<Result>(lock: GraphedLock, release: () => Result, after: (result: Result) => LockMode | 0): Result {
    this.#enter();
    try {
      const result = release();
      const row = this.table.find(this.#owner);
      if (row !== -1) this.table.setHold(row, lock.number, after(result));
      this.#wakeAll();
      return result;
    } finally {
      this.#mutex.unlock();
    }
  }

  /** Runs a change that is no thread's own, and has all who wait look again. For the wrappers. */
  notice<Result>(change: () => Result): Result {
    this.#enter();
    try {
      return change();
    } finally {
      this.#wakeAll();
      this.#mutex.unlock();
    }
  }

  /** The threads of a deadlock that `row` would be part of, or wait for; undefined when there is none. */
  protected deadlockOf(row: number): readonly number[] | undefined {
    return this.table.deadlock(row);
  }

  #refuseDeadlock(row: number): void {
    const rows = this.deadlockOf(row);
    if (rows === undefined) return;
    const nameOf = (lock: number): string => this.#names[lock] ?? `lock ${lock}`;
    const threads = rows.map((each) => this.table.describe(each, nameOf));
    const story = threads.map(
      ({ thread, holds, waitsFor }) =>
        `thread ${thread} holds ${holds.length === 0 ? 'nothing' : holds.join(' and ')} and waits for ${waitsFor}`,
    );
    throw new DeadlockError(
      `deadlock: ${story.join('; ')}: take locks in one order everywhere, or with a time limit`,
      threads,
    );
  }

  #enter(): void {
    this.#mutex.lock();
    try {
      this.table.open();
    } catch (error) {
      this.#mutex.unlock();
      throw error;
    }
  }

  /** `#enter`, and this thread's row. */
  #enterAs(): number {
    this.#enter();
    try {
      return this.table.rowOf(this.#owner);
    } catch (error) {
      this.#mutex.unlock();
      throw error;
    }
  }

  #wakeAll(): void {
    Atomics.add(this.#view, this.#index + TURN, 1);
    Atomics.notify(this.#view, this.#index + TURN);
  }

  /** Leaves the graph's mutex, sleeps until something changed, takes it again; says whether the deadline passed. */
  #sleep(deadline: number): boolean {
    const remainingMs = remainingUntil(deadline);
    if (remainingMs <= 0) return true;
    // Partner: the add of #wakeAll. Read under the mutex: what changes once it is free keeps this thread from sleeping.
    const turn = Atomics.load(this.#view, this.#index + TURN);
    this.#mutex.unlock();
    try {
      return Atomics.wait(this.#view, this.#index + TURN, turn, remainingMs) === 'timed-out';
    } finally {
      this.#mutex.lock();
    }
  }
}
