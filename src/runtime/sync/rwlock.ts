/**
 * A readers-writer lock in one word, phase-fair after Brandenburg and Anderson, "Reader-Writer Synchronization for
 * Shared-Memory Multiprocessor Real-Time Systems" (ECRTS 2009): writers before new readers, and at the end of each
 * writer all readers that wait. Of the locks at hand it is the one that bounds both sides; the writer-preferring futex
 * lock of Rust's standard library bounds neither (a reader may slip in while the woken writer starts, and a stream of
 * writers keeps readers out).
 * Departures: counts in one word and compare-exchange in place of four ticket words, so that a waiter can give up and
 * a thread's death can be mended; writers compete for their turn, in about the order of their sleep; nobody spins.
 */
import { checkInt32Cells } from '../cell.ts';
import { currentThreadId } from '../thread.ts';
import { checkTimeout, deadlineAfter } from '../timeout.ts';
import { Guard } from './guard.ts';
import {
  ADMITTED_ONE,
  ASYNCHRONOUS,
  afterDeath,
  afterWriter,
  CELLS,
  CLOSED_TO_READERS,
  CLOSED_TO_WRITERS,
  checkOwner,
  checkRoomForReader,
  EPOCHS,
  INSIDE,
  isWrittenBy,
  lockAsynchronously,
  MAXIMUM_WAITING,
  notHeld,
  PHASE,
  PHASE_SHIFT,
  POISONED,
  READERS_TURN,
  type RwLockHold,
  refusePoisoned,
  refuseRelock,
  TAG,
  tagOf,
  tooMany,
  WAITING,
  WAITING_ONE,
  WAITING_SHIFT,
  WRITER,
  WRITERS,
  WRITERS_ONE,
  WRITERS_SHIFT,
  WRITERS_TURN,
  wakeAsynchronous,
  wakeReaders,
  wakeWriters,
} from './rwlock-state.ts';
import { gaveUp, type SleepEnd, sleep } from './sleep.ts';

/** What came of an attempt; tickets (see `#joinReaders`) are 0 or more. */
const ENTERED = -1;
const LEFT = -2;
const MUST_JOIN = -3;
const MUST_WAIT = -4;

/**
 * A lock that many readers or one writer hold at a time. Lives in four neighbouring cells of an `Int32Array` over shared
 * memory; the object is a handle for one thread, and knows what that thread holds. Use one handle a thread, and send view
 * and index to other threads, for them to attach. Not re-entrant in any combination: a second lock of any kind through a
 * handle is an error, never a wait for oneself.
 *
 * **Bounds.** While a writer waits, no reader that comes later gets in before a writer has. A reader that waits gets in
 * at the end of the writer inside or, if there is none, of the next one. So between two writers at most those readers
 * pass a waiting writer that waited when the first of the two left: each thread once, 63 at most. And at most one writer
 * passes a waiting reader, besides the one inside. Writers are woken in the order of their sleep, but one that comes at
 * the right moment may be faster: among writers there is no bound. The `Async` forms hold no place: they have no bound,
 * and count as newcomers.
 *
 * Limits: 127 readers at a time, of which 63 waiting; 63 waiting writers. Ids of living threads differ modulo 8,191.
 *
 * Everything written before an `unlockExclusive` is visible after the lock is next taken in either form.
 *
 * Cost: while nobody competes, two atomic operations to lock, and one (shared) or two (exclusive) to unlock.
 */
export class RwLock {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;
  /** The state's writer and tag while this thread is the writer. */
  readonly #own: number;
  #hold: RwLockHold = 'none';

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number) {
    checkInt32Cells(view, index, CELLS, 'an RwLock');
    checkOwner(owner);
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
    this.#own = WRITER | tagOf(owner);
  }

  /**
   * Makes four cells from `index` on a free lock and returns this thread's handle. One thread creates; the others attach.
   *
   * @param owner id of the thread that uses this handle, 1 to 2^28 - 1; else RangeError
   * @throws TypeError, BoundsError when the view is no Int32Array over shared memory, or the cells leave it
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): RwLock {
    const lock = new RwLock(view, index, owner);
    for (let cell = 0; cell < CELLS; cell += 1) Atomics.store(view, index + cell, 0);
    return lock;
  }

  /** This thread's handle on a lock that was created elsewhere. Does not touch the cells. Throws as `create`. */
  static attach(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): RwLock {
    return new RwLock(view, index, owner);
  }

  /** What this handle holds. No atomic operation. */
  get hold(): RwLockHold {
    return this.#hold;
  }

  /**
   * Takes a share, beside other readers; blocks the thread until it has it.
   *
   * @throws RelockError when this handle holds the lock already, in either form
   * @throws PoisonedError when a writer died inside, before or during the wait
   * @throws TooManyThreadsError when 127 readers are there already, or 63 of them wait
   * @throws TypeError on threads that must not block: use {@link RwLock.lockSharedAsync} there
   */
  lockShared(): void {
    if (!this.tryLockShared()) this.#lockSharedSlowly(Infinity);
  }

  /** Takes a share unless a writer is inside or waits; says whether it did. Never blocks. Throws as `lockShared`. */
  tryLockShared(): boolean {
    refuseRelock(this.#owner, this.#index, this.#hold);
    for (;;) {
      // Partner: the change of the state by which the last writer left, whose writes this reader must see.
      const seen = Atomics.load(this.#view, this.#index);
      if ((seen & CLOSED_TO_READERS) !== 0) {
        refusePoisoned(seen, this.#index);
        return false;
      }
      checkRoomForReader(seen, this.#index);
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen + 1) === seen) {
        this.#hold = 'shared';
        return true;
      }
    }
  }

  /**
   * Takes a share if that succeeds within `timeoutMs` milliseconds; says whether it did. 0 is `tryLockShared`, Infinity
   * is `lockShared`.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws RelockError, PoisonedError, TooManyThreadsError, TypeError as {@link RwLock.lockShared}
   */
  lockSharedFor(timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    if (this.tryLockShared()) return true;
    return timeoutMs > 0 && this.#lockSharedSlowly(deadlineAfter(timeoutMs));
  }

  /**
   * Takes the lock alone; blocks the thread until it has it.
   *
   * @throws RelockError when this handle holds the lock already, in either form (see {@link RwLock.tryUpgrade})
   * @throws PoisonedError when a writer died inside, before or during the wait
   * @throws TooManyThreadsError when 63 writers wait already
   * @throws TypeError on threads that must not block: use {@link RwLock.lockExclusiveAsync} there
   */
  lockExclusive(): void {
    if (!this.tryLockExclusive()) this.#lockExclusiveSlowly(Infinity);
  }

  /** Takes the lock alone if nobody holds it; says whether it did. Never blocks. Throws as `tryLockShared`. */
  tryLockExclusive(): boolean {
    refuseRelock(this.#owner, this.#index, this.#hold);
    for (;;) {
      // Partner: the change of the state by which the last holder left, of either kind.
      const seen = Atomics.load(this.#view, this.#index);
      if ((seen & CLOSED_TO_WRITERS) !== 0) {
        refusePoisoned(seen, this.#index);
        return false;
      }
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen | this.#own) === seen) {
        this.#hold = 'exclusive';
        return true;
      }
    }
  }

  /** Takes the lock alone if that succeeds within `timeoutMs` milliseconds; says whether it did. As {@link RwLock.lockSharedFor}. */
  lockExclusiveFor(timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    if (this.tryLockExclusive()) return true;
    return timeoutMs > 0 && this.#lockExclusiveSlowly(deadlineAfter(timeoutMs));
  }

  /**
   * Takes a share without blocking the thread, for threads that must not. Resolves when this handle holds it. Rejects
   * with what `lockShared` throws; with RelockError also when this handle took the lock meanwhile.
   */
  async lockSharedAsync(): Promise<void> {
    await lockAsynchronously(this.#view, this.#index, CLOSED_TO_READERS, () => this.tryLockShared());
  }

  /** Takes the lock alone without blocking the thread. As {@link RwLock.lockSharedAsync}. */
  async lockExclusiveAsync(): Promise<void> {
    await lockAsynchronously(this.#view, this.#index, CLOSED_TO_WRITERS, () => this.tryLockExclusive());
  }

  /**
   * Gives the share back. The last reader lets a waiting writer in.
   *
   * @throws NotOwnerError when this handle holds no share
   */
  unlockShared(): void {
    if (this.#hold !== 'shared')
      throw notHeld(this.#owner, this.#index, this.#hold, 'unlocks (shared)', 'a share');
    this.#hold = 'none';
    // Partner: the compare-exchange of the next writer, which must come after all that this reader read.
    this.#readerLeft(Atomics.sub(this.#view, this.#index, 1) - 1);
  }

  /**
   * Frees the lock. The readers that wait get in together; if there are none, a waiting writer does.
   *
   * @throws NotOwnerError when this handle does not hold the lock alone
   * @throws PoisonedError when the lock was declared dead in this thread's hands
   */
  unlockExclusive(): void {
    if (this.#hold !== 'exclusive')
      throw notHeld(this.#owner, this.#index, this.#hold, 'unlocks (exclusive)', 'it alone');
    this.#hold = 'none';
    this.#leaveWriter(0);
  }

  /** Gives back what this handle holds, a share or the whole. Throws NotOwnerError when that is nothing. */
  unlock(): void {
    if (this.#hold === 'shared') this.unlockShared();
    else if (this.#hold === 'exclusive') this.unlockExclusive();
    else throw notHeld(this.#owner, this.#index, this.#hold, 'unlocks', 'it');
  }

  /**
   * Turns the exclusive lock into a share, with no moment between at which a writer could get in. Readers that wait
   * get in beside.
   *
   * @throws NotOwnerError when this handle does not hold the lock alone
   * @throws PoisonedError when the lock was declared dead in this thread's hands
   */
  downgrade(): void {
    if (this.#hold !== 'exclusive')
      throw notHeld(this.#owner, this.#index, this.#hold, 'downgrades', 'it alone');
    this.#hold = 'none';
    this.#leaveWriter(1);
    this.#hold = 'shared';
  }

  /**
   * Turns the share into the exclusive lock if no other reader is inside; says whether it did. On false this handle
   * holds its share still. Never waits, as two readers that wait for each other to leave would do so for ever. Passes
   * writers that wait: what this thread has read stays true.
   *
   * @throws NotOwnerError when this handle holds no share
   */
  tryUpgrade(): boolean {
    if (this.#hold !== 'shared') throw notHeld(this.#owner, this.#index, this.#hold, 'upgrades', 'a share');
    for (;;) {
      // Partner: the sub of the other readers, which must have read before this thread writes.
      const seen = Atomics.load(this.#view, this.#index);
      if ((seen & TAG) !== 1) return false;
      const next = (seen & ~TAG) | this.#own;
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) === seen) {
        this.#hold = 'exclusive';
        return true;
      }
    }
  }

  /** `lockShared`, with what gives it back: `using held = lock.sharedGuard();` Follows an upgrade. */
  sharedGuard(): Guard {
    this.lockShared();
    return new Guard(this);
  }

  /** `lockExclusive`, with what gives it back: `using held = lock.exclusiveGuard();` Follows a downgrade. */
  exclusiveGuard(): Guard {
    this.lockExclusive();
    return new Guard(this);
  }

  /** Id, modulo 8,191, of the thread that holds the lock alone or died so, or 0. One load, as all below; soon out of date. */
  holder(): number {
    const seen = Atomics.load(this.#view, this.#index);
    return (seen & WRITER) === 0 ? 0 : seen & TAG;
  }

  /** Number of readers that hold a share. */
  readers(): number {
    const seen = Atomics.load(this.#view, this.#index);
    return (seen & WRITER) === 0 ? seen & INSIDE : 0;
  }

  /** Number of readers that wait for a writer to leave. */
  waitingReaders(): number {
    return (Atomics.load(this.#view, this.#index) & WAITING) >>> WAITING_SHIFT;
  }

  /** Number of writers that wait. */
  waitingWriters(): number {
    return (Atomics.load(this.#view, this.#index) & WRITERS) >>> WRITERS_SHIFT;
  }

  /** Whether a writer died inside and nobody called `clearPoison` since. */
  isPoisoned(): boolean {
    return (Atomics.load(this.#view, this.#index) & POISONED) !== 0;
  }

  /**
   * To be called once a thread has ended (not before: it may still write), for every lock that it could use.
   * If it was the writer inside, the lock becomes poisoned, everybody who waits gets PoisonedError, and the result is
   * true. If not, the result is false, and all who wait begin to wait anew, in case the dead thread was counted among
   * them. A dead reader's share cannot be known from here: see {@link RwLock.forgetReader}.
   */
  poison(deadOwner: number): boolean {
    for (;;) {
      // Partner: the compare-exchange by which the dead thread took the lock.
      const seen = Atomics.load(this.#view, this.#index);
      const wasWriter = isWrittenBy(seen, deadOwner);
      const next = afterDeath(seen, wasWriter);
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) !== seen) continue;
      wakeReaders(this.#view, this.#index);
      wakeWriters(this.#view, this.#index, Infinity);
      wakeAsynchronous(this.#view, this.#index);
      return wasWriter;
    }
  }

  /**
   * Frees a poisoned lock; says whether it did (false: it was not poisoned, or another thread was faster).
   * Repair what the lock guards *before*: as long as it is poisoned nobody else gets in.
   */
  clearPoison(): boolean {
    const seen = Atomics.load(this.#view, this.#index);
    if ((seen & POISONED) === 0) return false;
    const next = seen & ~(POISONED | WRITER | TAG);
    // Partner: the load of the next holder, which must see the repair. Nobody sleeps on a poisoned lock.
    return Atomics.compareExchange(this.#view, this.#index, seen, next) === seen;
  }

  /**
   * Gives back one share in place of a thread that died with it; says whether there was one. The lock only counts its
   * readers, so the caller must know: give back a share that a living thread holds, and a writer joins it inside.
   */
  forgetReader(): boolean {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if ((seen & WRITER) !== 0 || (seen & INSIDE) === 0) return false;
      // Partner: as in unlockShared.
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen - 1) !== seen) continue;
      this.#readerLeft(seen - 1);
      return true;
    }
  }

  /** Sleeps and looks in turn until the share is taken (true) or the deadline has passed (false). */
  #lockSharedSlowly(deadline: number): boolean {
    let ticket = this.#joinReaders();
    let end: SleepEnd = 'woken';
    while (ticket !== ENTERED) {
      // Partner: the add of wakeReaders. Read before the state: what changes later keeps this thread from sleeping.
      const turn = Atomics.load(this.#view, this.#index + READERS_TURN);
      const answer = this.#claimShare(ticket, end !== 'woken');
      if (answer === LEFT) return gaveUp(end);
      if (answer === ENTERED) break;
      if (answer === MUST_JOIN) ticket = this.#joinReaders();
      else end = sleep(this.#view, this.#index + READERS_TURN, turn, deadline);
    }
    this.#hold = 'shared';
    return true;
  }

  /** Counts this thread in among the waiting readers, and returns the epoch and phase in which it did; or ENTERED. */
  #joinReaders(): number {
    for (;;) {
      // Partner: as in tryLockShared.
      const seen = Atomics.load(this.#view, this.#index);
      refusePoisoned(seen, this.#index);
      checkRoomForReader(seen, this.#index);
      if ((seen & CLOSED_TO_READERS) === 0) {
        if (Atomics.compareExchange(this.#view, this.#index, seen, seen + 1) === seen) return ENTERED;
        continue;
      }
      if ((seen & WAITING) === WAITING) throw tooMany(`${MAXIMUM_WAITING} readers wait`, this.#index);
      // Partner: the compare-exchange of the writer that leaves, which admits all who are counted.
      const next = seen + WAITING_ONE;
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) === seen)
        return (next & (EPOCHS | PHASE)) >>> PHASE_SHIFT;
    }
  }

  /** Turns a waiting reader into one inside, if it may enter. Else it waits on or, if it `leaves`, is counted out. */
  #claimShare(ticket: number, leaves: boolean): number {
    for (;;) {
      // Partner: the state of the writer that left, whose writes this reader must see.
      const seen = Atomics.load(this.#view, this.#index);
      const changed = ((seen & (EPOCHS | PHASE)) >>> PHASE_SHIFT) ^ ticket;
      if (changed > 1) return MUST_JOIN;
      const open = changed === 1 || (seen & CLOSED_TO_READERS) === 0;
      if (!open && !leaves) return MUST_WAIT;
      const counted = changed === 1 ? ADMITTED_ONE : WAITING_ONE;
      const next = seen - counted + (open ? 1 : 0);
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) === seen) return open ? ENTERED : LEFT;
    }
  }

  /** As `#lockSharedSlowly`, for a writer. */
  #lockExclusiveSlowly(deadline: number): boolean {
    let epoch = this.#joinWriters();
    let end: SleepEnd = 'woken';
    for (;;) {
      // Partner: the add of wakeWriters. As in #lockSharedSlowly.
      const turn = Atomics.load(this.#view, this.#index + WRITERS_TURN);
      const answer = this.#claimLock(epoch, end !== 'woken');
      if (answer === LEFT) return gaveUp(end);
      if (answer === ENTERED) break;
      if (answer === MUST_JOIN) epoch = this.#joinWriters();
      else end = sleep(this.#view, this.#index + WRITERS_TURN, turn, deadline);
    }
    this.#hold = 'exclusive';
    return true;
  }

  /** Counts this thread in among the waiting writers, which keeps new readers out; returns the epoch in which it did. */
  #joinWriters(): number {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      refusePoisoned(seen, this.#index);
      if ((seen & WRITERS) === WRITERS) throw tooMany(`${MAXIMUM_WAITING} writers wait`, this.#index);
      // Partner: the sub or the compare-exchange by which the holders leave, which must then wake a writer.
      if (Atomics.compareExchange(this.#view, this.#index, seen, seen + WRITERS_ONE) === seen)
        return seen & EPOCHS;
    }
  }

  /** As `#claimShare`, for a writer. */
  #claimLock(epoch: number, leaves: boolean): number {
    for (;;) {
      // Partner: the state of the holder that left.
      const seen = Atomics.load(this.#view, this.#index);
      if ((seen & EPOCHS) !== epoch) return MUST_JOIN;
      const open = (seen & CLOSED_TO_WRITERS) === 0;
      if (!open && !leaves) return MUST_WAIT;
      const next = open ? (seen - WRITERS_ONE) | this.#own : seen - WRITERS_ONE;
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) !== seen) continue;
      if (open) return ENTERED;
      // The last writer that waited kept readers out, and gives up.
      if ((next & CLOSED_TO_READERS) === 0) {
        if ((next & WAITING) !== 0) wakeReaders(this.#view, this.#index);
        if ((next & ASYNCHRONOUS) !== 0) wakeAsynchronous(this.#view, this.#index);
      }
      return LEFT;
    }
  }

  /** After a reader left the lock in the state `left`: the last one lets the next in. */
  #readerLeft(left: number): void {
    if ((left & CLOSED_TO_WRITERS) !== 0) return;
    if ((left & WRITERS) !== 0) wakeWriters(this.#view, this.#index, 1);
    if ((left & ASYNCHRONOUS) !== 0) wakeAsynchronous(this.#view, this.#index);
  }

  /** Ends the writer, with `inside` (0 or 1) readers left behind, and admits the readers that wait. */
  #leaveWriter(inside: number): void {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      refusePoisoned(seen, this.#index);
      if ((seen & (WRITER | TAG)) !== this.#own) {
        throw notHeld(this.#owner, this.#index, 'none', 'ends the writer of', 'it alone');
      }
      const next = afterWriter(seen, inside);
      // Partner: the load of the next holder, which must see all that this one wrote. Before any notify: a thread that
      // wakes first would see the lock closed and sleep again.
      if (Atomics.compareExchange(this.#view, this.#index, seen, next) !== seen) continue;
      if ((seen & WAITING) !== 0) wakeReaders(this.#view, this.#index);
      else if (inside === 0 && (next & WRITERS) !== 0) wakeWriters(this.#view, this.#index, 1);
      if ((next & ASYNCHRONOUS) !== 0) wakeAsynchronous(this.#view, this.#index);
      return;
    }
  }
}
