/**
 * A counting semaphore (Dijkstra 1965) whose permits are taken and given several at a time, over one futex word and a count of waiters.
 * Waking follows what is known of the waiters. As long as all of them want one permit, so many are woken as permits came: each of
 * them can go on, or finds none left. As soon as one wants more, waking so many would lose wake-ups (it falls to a thread that
 * cannot go on, and sleeps again, while another could), so all are woken.
 * Departures from `java.util.concurrent.Semaphore`: no queue, a thread that comes by may be faster; an upper bound of the permits.
 */
import { checkInt32Cells } from '../cell.ts';
import { CountOverflowError, NotCreatedError } from '../errors.ts';
import { checkTimeout, deadlineAfter, remainingUntil } from '../timeout.ts';
import { sleepAsync } from './sleep.ts';

// Cell 0: permits that are free.
// Cell 1: { many: bits 16 to 31, ones: bits 0 to 15 }, the threads that wait for one permit, and the others: those that want more, and
//         those that wait without blocking, since these may be gone without notice when a wake-up falls to them.
// Cell 2: most permits, constant after create; 0 where there is no semaphore.
// Invariant: a waiter is counted before it looks at the permits for the last time before its sleep.
const WAITERS = 1;
const MAXIMUM = 2;
const CELLS = 3;
const ONE = 1;
const MANY = 1 << 16;
const MOST_PERMITS = 2 ** 31 - 1;
/** What `take` answers when it took the permits: no number of permits. */
const TAKEN = -1;

/**
 * A number of permits that threads take, wait for, and give back, one or several at a time. Lives in three neighbouring cells of an
 * `Int32Array` over shared memory; the object is a handle. Send view and index to other threads, and let them attach.
 *
 * Permits have no owner: any thread may release, also what it never acquired. Everything written before a `release` is visible after
 * the `acquire` that takes these permits.
 *
 * Whoever can go on does: a thread never waits while there are as many permits as it wants. So one that wants many may be
 * passed, without bound, by others that want few.
 */
export class Semaphore {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  /** The most permits, once it was read; 0 before. */
  #maximum: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, maximum: number) {
    checkInt32Cells(view, index, CELLS, 'a Semaphore');
    this.#view = view;
    this.#index = index;
    this.#maximum = maximum;
  }

  /**
   * Makes three cells, from `index` on, a semaphore with so many free permits. One thread creates; the others attach.
   *
   * @param permits free permits at the beginning, from 0 to `maximum`
   * @param maximum most free permits ever, 1 to 2^31 - 1 (default); pass the number of permits to have one release too many refused
   * @throws RangeError when one of them is no such integer
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    permits: number,
    maximum: number = MOST_PERMITS,
  ): Semaphore {
    if (!Number.isInteger(maximum) || maximum < 1 || maximum > MOST_PERMITS) {
      throw new RangeError(
        `a Semaphore has at most 1 to ${MOST_PERMITS} permits, got ${maximum}: pass an integer of that range, or nothing`,
      );
    }
    if (!Number.isInteger(permits) || permits < 0 || permits > maximum) {
      throw new RangeError(
        `a Semaphore begins with 0 to ${maximum} permits, got ${permits}: pass an integer of that range`,
      );
    }
    const semaphore = new Semaphore(view, index, maximum);
    Atomics.store(view, index, permits);
    Atomics.store(view, index + WAITERS, 0);
    Atomics.store(view, index + MAXIMUM, maximum);
    return semaphore;
  }

  /** A handle on a semaphore that was created elsewhere. Does not touch the cells. Throws TypeError, BoundsError as `create`. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): Semaphore {
    return new Semaphore(view, index, 0);
  }

  /**
   * Takes so many permits at once; blocks until there are as many. Takes none while it waits.
   *
   * Cost: 2 atomic operations when they are there (one more in an attached handle's first call).
   *
   * @throws RangeError when `permits` is no integer from 1 to `maximum()`
   * @throws NotCreatedError when nobody created a semaphore in these cells
   * @throws TypeError on threads that must not block: use {@link Semaphore.acquireAsync} there
   */
  acquire(permits: number = 1): void {
    this.#checkCount(permits, 'acquires');
    if (this.#take(permits) === TAKEN) return;
    this.#acquireSlowly(permits, Infinity);
  }

  /**
   * Takes so many permits if they are there; says whether it did. Never blocks, and never fails while they are there.
   *
   * @throws RangeError, NotCreatedError as {@link Semaphore.acquire}
   */
  tryAcquire(permits: number = 1): boolean {
    this.#checkCount(permits, 'acquires');
    return this.#take(permits) === TAKEN;
  }

  /**
   * Takes so many permits if that succeeds within `timeoutMs` milliseconds; says whether it did. 0 is `tryAcquire`, Infinity is
   * `acquire`. The limit counts from the call, however often the thread wakes in between.
   *
   * @throws RangeError when the limit is negative or NaN, or as {@link Semaphore.acquire}
   * @throws NotCreatedError, TypeError as {@link Semaphore.acquire}
   */
  acquireFor(timeoutMs: number, permits: number = 1): boolean {
    checkTimeout(timeoutMs);
    this.#checkCount(permits, 'acquires');
    if (this.#take(permits) === TAKEN) return true;
    if (timeoutMs === 0) return false;
    return this.#acquireSlowly(permits, deadlineAfter(timeoutMs));
  }

  /**
   * Takes so many permits without blocking the thread, for threads that must not. Resolves when they are taken. A pending call
   * keeps the process alive. Rejects as {@link Semaphore.acquire} throws.
   */
  async acquireAsync(permits: number = 1): Promise<void> {
    this.#checkCount(permits, 'acquires');
    if (this.#take(permits) === TAKEN) return;
    Atomics.add(this.#view, this.#index + WAITERS, MANY);
    try {
      for (;;) {
        const seen = this.#take(permits);
        if (seen === TAKEN) return;
        // Partner: the notify of release. The promise is a hint only: the loop looks at the permits again.
        await sleepAsync(this.#view, this.#index, seen);
      }
    } finally {
      Atomics.sub(this.#view, this.#index + WAITERS, MANY);
    }
  }

  /**
   * Gives so many permits back, and wakes who can go on with them. Cost: 3 atomic operations (one more in an attached handle's first
   * call), and a notify when somebody waits.
   *
   * @throws CountOverflowError when more than `maximum()` permits would be free; nothing has changed then
   * @throws RangeError, NotCreatedError as {@link Semaphore.acquire}
   */
  release(permits: number = 1): void {
    const maximum = this.#checkCount(permits, 'releases');
    for (;;) {
      const free = Atomics.load(this.#view, this.#index);
      if (free > maximum - permits) {
        throw new CountOverflowError(
          `the Semaphore at index ${this.#index} has ${free} free permits of at most ${maximum}, and cannot take ${permits} more: ` +
            'release as often as you acquired, or create it with a larger maximum',
        );
      }
      // Partner: the compare-exchange of take, whose thread must see all that this one wrote.
      if (Atomics.compareExchange(this.#view, this.#index, free, free + permits) === free) break;
    }
    // Partner: the add by which a waiter counts itself. If it is not in yet, the waiter looks at the permits afterwards.
    const waiters = Atomics.load(this.#view, this.#index + WAITERS);
    if (waiters === 0) return;
    if (waiters >>> 16 === 0) Atomics.notify(this.#view, this.#index, permits);
    else Atomics.notify(this.#view, this.#index);
  }

  /** The permits that are free, for inspection: it may be out of date when it is returned. One atomic load. */
  available(): number {
    return Atomics.load(this.#view, this.#index);
  }

  /**
   * The most permits that may be free. One atomic load the first time in an attached handle, none later.
   *
   * @throws NotCreatedError when nobody created a semaphore in these cells
   */
  maximum(): number {
    if (this.#maximum > 0) return this.#maximum;
    // Partner: the last store of create.
    const maximum = Atomics.load(this.#view, this.#index + MAXIMUM);
    if (maximum < 1) {
      throw new NotCreatedError(
        `there is no Semaphore at index ${this.#index} (maximum: ${maximum}): one thread must call Semaphore.create first`,
      );
    }
    this.#maximum = maximum;
    return maximum;
  }

  /**
   * To be called once a thread has ended that may have waited here: wakes everybody, in place of whom its wake-up was meant
   * for. The permits that it held are lost, unless somebody who knows their number releases them.
   */
  recover(): void {
    Atomics.notify(this.#view, this.#index);
  }

  #acquireSlowly(permits: number, deadline: number): boolean {
    const share = permits === 1 ? ONE : MANY;
    // Partner: the load of the waiters in release.
    Atomics.add(this.#view, this.#index + WAITERS, share);
    try {
      let expired = false;
      for (;;) {
        // Before giving up, too: a wake-up that came as the limit ended was spent on this thread, and would be lost.
        const seen = this.#take(permits);
        if (seen === TAKEN) return true;
        if (expired) return false;
        const remainingMs = remainingUntil(deadline);
        if (remainingMs <= 0) return false;
        // Partner: the notify of release. Returns at once when the permits have changed since they were seen.
        expired = Atomics.wait(this.#view, this.#index, seen, remainingMs) === 'timed-out';
      }
    } finally {
      Atomics.sub(this.#view, this.#index + WAITERS, share);
    }
  }

  /** Takes the permits if they are there (returns TAKEN), else how many there are: too few. */
  #take(permits: number): number {
    for (;;) {
      const free = Atomics.load(this.#view, this.#index);
      if (free < permits) return free;
      // Partner: the compare-exchange of release (or the store of create). Fails only when another thread took or gave some.
      if (Atomics.compareExchange(this.#view, this.#index, free, free - permits) === free) return TAKEN;
    }
  }

  /** Checks a number of permits; the most that there may be. */
  #checkCount(permits: number, does: string): number {
    const maximum = this.maximum();
    if (Number.isInteger(permits) && permits >= 1 && permits <= maximum) return maximum;
    throw new RangeError(
      `a thread ${does} ${permits} permits of the Semaphore at index ${this.#index}: pass an integer from 1 to ${maximum}`,
    );
  }
}
