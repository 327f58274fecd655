/**
 * A futex mutex with its owner in the word, whose unlock frees the word by a plain write.
 *
 * Fault RACE. One thread at a time is inside under every schedule, but nothing is published: T0 lock, unlock; T1 lock reads a word that was written plainly,
 * and may see what the lock guards as it was before. Only the order of accesses shows it, no value.
 *
 * Odds: see properties/broken.ts
 */
import { NotOwnerError, RelockError } from '../../src/runtime/errors.ts';
import { currentThreadId } from '../../src/runtime/thread.ts';

// The word: { owner: bits 1 to 28, waiters: bit 0 }, 0 when it is free.
const FREE = 0;
const WAITERS = 1;

/** A lock that gives back without publishing. Not re-entrant. Lives in one cell. */
export class PlainUnlockMutex {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #owner: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number, owner: number) {
    this.#view = view;
    this.#index = index;
    this.#owner = owner;
  }

  /** Makes the cell a free mutex. `owner` is the id of the thread that uses the handle, from 1 on. */
  static create(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): PlainUnlockMutex {
    Atomics.store(view, index, FREE);
    return new PlainUnlockMutex(view, index, owner);
  }

  /** A handle on a mutex that was created elsewhere. Does not touch the cell. */
  static attach(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): PlainUnlockMutex {
    return new PlainUnlockMutex(view, index, owner);
  }

  /** Takes the lock; blocks until it has it. Throws RelockError when this thread has it already. */
  lock(): void {
    if (!this.tryLock()) this.#lockSlowly(Infinity);
  }

  /** Takes the lock if it is free; says whether it did. Throws RelockError as `lock`. */
  tryLock(): boolean {
    const seen = Atomics.compareExchange(this.#view, this.#index, FREE, this.#owner << 1);
    if (seen >>> 1 === this.#owner) {
      throw new RelockError(
        `thread ${this.#owner} holds the mutex already: unlock it before it is locked again`,
      );
    }
    return seen === FREE;
  }

  /** Takes the lock if it can within so many milliseconds; says whether it did. Throws RelockError as `lock`. */
  lockFor(timeoutMs: number): boolean {
    if (!(timeoutMs >= 0))
      throw new RangeError(`a time limit is 0 or more, got ${timeoutMs}: pass Infinity for none`);
    if (this.tryLock()) return true;
    return timeoutMs > 0 && this.#lockSlowly(performance.now() + timeoutMs);
  }

  /** Releases the lock and wakes one who waits. Throws NotOwnerError when this thread does not hold it. */
  unlock(): void {
    const seen = Atomics.load(this.#view, this.#index);
    if (seen >>> 1 !== this.#owner) {
      throw new NotOwnerError(
        `thread ${this.#owner} does not hold the mutex: only the holder may unlock, once`,
      );
    }
    // FAULT RACE: an atomic store publishes what was done inside; this does not.
    this.#view[this.#index] = FREE;
    if ((seen & WAITERS) !== 0) Atomics.notify(this.#view, this.#index, 1);
  }

  /** After Drepper, "Futexes are tricky": who has waited cannot know who else waits, so takes it with WAITERS. */
  #lockSlowly(deadline: number): boolean {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      const next = (seen === FREE ? this.#owner << 1 : seen) | WAITERS;
      if (seen !== next && Atomics.compareExchange(this.#view, this.#index, seen, next) !== seen) continue;
      if (seen === FREE) return true;
      const remainingMs = deadline === Infinity ? Infinity : deadline - performance.now();
      if (remainingMs <= 0) return false;
      Atomics.wait(this.#view, this.#index, next, remainingMs);
    }
  }
}
