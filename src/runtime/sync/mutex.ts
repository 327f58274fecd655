/**
 * A mutual exclusion lock in one word, after the owner-in-the-word futexes of Linux (`futex(2)`, FUTEX_LOCK_PI:
 * thread id | FUTEX_WAITERS | FUTEX_OWNER_DIED) and the three states of Drepper, "Futexes are tricky" (2011), section 5.
 * Departures: the kernel takes no part, so whoever learns of a thread's death must call `poison`; waking hands nothing
 * over, a woken thread competes with those that come by (barging); nobody spins.
 */
import { checkInt32Cells } from '../cell.ts';
import { NotOwnerError, PoisonedError, RelockError } from '../errors.ts';
import { currentThreadId } from '../thread.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { Guard } from './guard.ts';
import { sleepAsync } from './sleep.ts';

// The word: { poisoned: bit 30, owner: bits 1 to 28, waiters: bit 0 }; bits 29 and 31 are 0.
//   0                       free
//   owner << 1              locked, and nobody sleeps on the word
//   owner << 1 | WAITERS    locked, and somebody may sleep on the word: unlock must wake one
//   owner << 1 | POISONED   the owner died inside; nobody sleeps, everybody who comes is refused
// Invariant: while a thread sleeps on the word, the word has WAITERS, or a thread is awake that will take the lock as
// WAITERS, set the bit, or wake a sleeper.
const FREE = 0;
const WAITERS = 1;
const OWNER_SHIFT = 1;
const POISONED = 1 << 30;
const MAXIMUM_OWNER = 2 ** 28 - 1;

/**
 * A lock that one thread holds at a time. Not re-entrant. Lives in one cell of an `Int32Array` over shared memory; the
 * object is a handle for one thread. Send view and index to other threads, and let them attach.
 *
 * Everything written before `unlock` is visible after the lock is next taken. Waiters are woken in the order of their
 * sleep, but a thread that comes by may be faster; so a waiter has no bound on how often it is passed.
 *
 * Cost: lock and unlock are one compare-exchange each while nobody competes.
 */
export class Mutex {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;
  /** The word while this thread holds the lock and nobody waits. */
  readonly #own: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number) {
    checkInt32Cells(view, index, 1, 'a Mutex');
    if (!Number.isInteger(owner) || owner < 1 || owner > MAXIMUM_OWNER) {
      throw new RangeError(
        `the owner of a Mutex handle is a thread id from 1 to ${MAXIMUM_OWNER}, got ${owner}: ` +
          'pass a positive integer that no other thread uses, or nothing',
      );
    }
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
    this.#own = owner << OWNER_SHIFT;
  }

  /**
   * Makes the cell a free mutex and returns this thread's handle. One thread creates; the others attach.
   *
   * @param owner id of the thread that uses this handle, 1 to 2^28 - 1, unlike that of any other living thread
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the index leaves the view
   * @throws RangeError when the owner is no such id
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): Mutex {
    const mutex = new Mutex(view, index, owner);
    Atomics.store(view, index, FREE);
    return mutex;
  }

  /** This thread's handle on a mutex that was created elsewhere. Does not touch the cell. Throws as `create`. */
  static attach(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): Mutex {
    return new Mutex(view, index, owner);
  }

  /**
   * Takes the lock; blocks the thread until it has it.
   *
   * @throws RelockError when this thread holds it already
   * @throws PoisonedError when its holder died, before or during the wait
   * @throws TypeError on threads that must not block: use {@link Mutex.lockAsync} there
   */
  lock(): void {
    // Partner: the 0 of the last unlock (or of create), whose critical section this one must see.
    const seen = Atomics.compareExchange(this.#view, this.#index, FREE, this.#own);
    if (seen === FREE) return;
    this.#refuse(seen);
    this.#lockSlowly(Infinity);
  }

  /**
   * Takes the lock if it is free; says whether it did. Never blocks.
   *
   * @throws RelockError when this thread holds it already: false would have it try for ever
   * @throws PoisonedError when its holder died
   */
  tryLock(): boolean {
    // Partner: as in lock.
    const seen = Atomics.compareExchange(this.#view, this.#index, FREE, this.#own);
    if (seen === FREE) return true;
    this.#refuse(seen);
    return false;
  }

  /**
   * Takes the lock if that succeeds within `timeoutMs` milliseconds; says whether it did. 0 is `tryLock`, Infinity is
   * `lock`. The limit counts from the call, however often the thread wakes in between.
   *
   * @throws RangeError when the limit is negative or NaN
   * @throws RelockError, PoisonedError, TypeError as {@link Mutex.lock}
   */
  lockFor(timeoutMs: number): boolean {
    checkTimeout(timeoutMs);
    if (this.tryLock()) return true;
    if (timeoutMs === 0) return false;
    return this.#lockSlowly(deadlineAfter(timeoutMs));
  }

  /**
   * Takes the lock without blocking the thread, for threads that must not. Resolves when this thread holds it; until
   * `unlock` it is this thread's, so a second `lockAsync` of the same thread rejects with RelockError.
   * A pending call keeps the process alive.
   *
   * Rejects with RelockError when this thread holds the lock already or took it meanwhile, with PoisonedError when its
   * holder died.
   */
  async lockAsync(): Promise<void> {
    if (this.tryLock()) return;
    for (;;) {
      const seen = this.#takeOrMark();
      if (seen === FREE) return;
      this.#refuse(seen);
      // Partner: the notify of unlock or poison. The promise is a hint only: the loop looks at the word again.
      await sleepAsync(this.#view, this.#index, seen);
    }
  }

  /**
   * Takes the lock without blocking the thread, runs `action` and releases it; resolves with the result. Between the two nothing
   * else of this thread runs, so several calls may be pending at a time. A pending call keeps the process alive.
   *
   * Rejects with what `action` throws, with PoisonedError when the lock's holder died, and with RelockError when this thread holds it.
   */
  async runAsync<Result>(action: () => Result): Promise<Result> {
    for (;;) {
      const seen = this.#takeOrMark();
      if (seen === FREE) break;
      this.#refuse(seen);
      // Partner: the notify of unlock or poison.
      await sleepAsync(this.#view, this.#index, seen);
    }
    try {
      return action();
    } finally {
      this.unlock();
    }
  }

  /**
   * Releases the lock and wakes one thread that waits for it.
   *
   * @throws NotOwnerError when this thread does not hold it
   * @throws PoisonedError when the lock was declared dead in this thread's hands
   */
  unlock(): void {
    // Partner: the compare-exchange of the next holder, which must see all that this one wrote.
    const seen = Atomics.compareExchange(this.#view, this.#index, this.#own, FREE);
    if (seen === this.#own) return;
    if (seen !== (this.#own | WAITERS)) throw this.#notHeld(seen);
    // With WAITERS set, no living thread but this one changes the word, so a store will do. It must come before the
    // notify: a thread that wakes first would see the word locked and sleep again.
    Atomics.store(this.#view, this.#index, FREE);
    Atomics.notify(this.#view, this.#index, 1);
  }

  /**
   * Takes the lock as {@link Mutex.lock} does, and returns what releases it: `using held = mutex.guard();`
   * Throws as `lock`.
   */
  guard(): Guard {
    this.lock();
    return new Guard(this);
  }

  /**
   * Id of the thread that holds the lock, or held it when it died; 0 when it is free. For inspection: it may be out of
   * date when it is returned, except that this thread's own id is certain. One atomic load.
   */
  holder(): number {
    return (Atomics.load(this.#view, this.#index) & ~POISONED) >>> OWNER_SHIFT;
  }

  /** Whether the holder died and nobody called `clearPoison` since. One atomic load. */
  isPoisoned(): boolean {
    return (Atomics.load(this.#view, this.#index) & POISONED) !== 0;
  }

  /**
   * To be called once a thread has ended (not before: it may still write), for every mutex that it could use.
   * If it held the lock, the lock becomes poisoned, everybody who waits for it is woken and gets PoisonedError, and the
   * result is true. If not, the result is false, and one waiter is woken in place of the one that the dead thread may
   * have been about to wake, or whose wake-up it took with it.
   */
  poison(deadOwner: number): boolean {
    for (;;) {
      // Partner: the compare-exchange by which the dead thread took the lock.
      const seen = Atomics.load(this.#view, this.#index);
      if (seen >>> OWNER_SHIFT !== deadOwner || deadOwner === 0) {
        Atomics.notify(this.#view, this.#index, 1);
        return false;
      }
      // Fails only when a waiter just set WAITERS. Nobody will sleep on the new value, so the bit is dropped.
      const poisoned = (seen & ~WAITERS) | POISONED;
      if (Atomics.compareExchange(this.#view, this.#index, seen, poisoned) === seen) {
        Atomics.notify(this.#view, this.#index);
        return true;
      }
    }
  }

  /**
   * Frees a poisoned lock; says whether it did (false: it was not poisoned, or another thread was faster).
   * Repair what the lock guards *before*: as long as it is poisoned nobody else gets in.
   */
  clearPoison(): boolean {
    const seen = Atomics.load(this.#view, this.#index);
    if ((seen & POISONED) === 0) return false;
    // Partner: the compare-exchange of the next holder, which must see the repair.
    return Atomics.compareExchange(this.#view, this.#index, seen, FREE) === seen;
  }

  /** Sleeps and tries in turn until the lock is taken (true) or the deadline has passed (false). */
  #lockSlowly(deadline: number): boolean {
    let expired = false;
    for (;;) {
      // Before giving up, too: a thread that was woken and leaves owes the other sleepers a mark on the word.
      const seen = this.#takeOrMark();
      if (seen === FREE) return true;
      this.#refuse(seen);
      if (expired) return false;
      const remainingMs = remainingUntil(deadline);
      if (remainingMs <= 0) return false;
      // Partner: the notify of unlock or poison. Returns at once when the word has changed since it was seen.
      expired = Atomics.wait(this.#view, this.#index, seen, remainingMs) === 'timed-out';
    }
  }

  /**
   * Takes the lock if it is free (returns FREE), else makes sure that its holder will wake somebody (returns the word
   * to sleep on). Takes it as WAITERS: the thread may have been woken, and cannot know whether others still sleep.
   */
  #takeOrMark(): number {
    for (;;) {
      // Partner: the FREE of unlock and clearPoison, the POISONED of poison.
      const seen = Atomics.load(this.#view, this.#index);
      if (seen === FREE) {
        const taken = this.#own | WAITERS;
        if (Atomics.compareExchange(this.#view, this.#index, FREE, taken) === FREE) return FREE;
      } else if ((seen & (WAITERS | POISONED)) !== 0) {
        return seen;
      } else {
        // Partner: the holder's compare-exchange in unlock, which fails once the bit is there.
        const marked = seen | WAITERS;
        if (Atomics.compareExchange(this.#view, this.#index, seen, marked) === seen) return marked;
      }
    }
  }

  /** Throws if a thread that finds the word locked so must not wait for it. */
  #refuse(seen: number): void {
    if ((seen & POISONED) !== 0) throw this.#poisonedError(seen);
    if (seen >>> OWNER_SHIFT === this.#owner) {
      throw new RelockError(
        `thread ${this.#owner} holds the Mutex at index ${this.#index} already: unlock it before it is locked again`,
      );
    }
  }

  #notHeld(seen: number): Error {
    if ((seen & POISONED) !== 0) return this.#poisonedError(seen);
    const holder = seen >>> OWNER_SHIFT;
    const state = holder === 0 ? 'it is free' : `thread ${holder} holds it`;
    return new NotOwnerError(
      `thread ${this.#owner} unlocks the Mutex at index ${this.#index}, but ${state}: only the holder may unlock, once`,
    );
  }

  #poisonedError(seen: number): PoisonedError {
    const dead = (seen & ~POISONED) >>> OWNER_SHIFT;
    return new PoisonedError(
      `the Mutex at index ${this.#index} is poisoned: thread ${dead} died while it held it; ` +
        'repair what it guards, then call clearPoison()',
    );
  }
}
