/**
 * A futex mutex with its owner in the word, whose waiters are not told when the holder has died.
 *
 * Fault M6. Shortest interleaving: T0 lock, and dies; T1 lock: marks WAITERS, sleeps; poison(T0). T1 sleeps for ever.
 *
 * Odds: see properties/broken.ts
 */
import { NotOwnerError, PoisonedError, RelockError } from '../../src/runtime/errors.ts';
import { currentThreadId } from '../../src/runtime/thread.ts';

// The word: { poisoned: bit 30, owner: bits 1 to 28, waiters: bit 0 }, 0 when it is free.
const FREE = 0;
const WAITERS = 1;
const POISONED = 1 << 30;

/** A lock whose waiters sleep on when its holder dies. Not re-entrant. Lives in one cell. */
export class SilentDeathMutex {
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
  ): SilentDeathMutex {
    Atomics.store(view, index, FREE);
    return new SilentDeathMutex(view, index, owner);
  }

  /** A handle on a mutex that was created elsewhere. Does not touch the cell. */
  static attach(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    owner: number = currentThreadId(),
  ): SilentDeathMutex {
    return new SilentDeathMutex(view, index, owner);
  }

  /** Takes the lock; blocks until it has it. */
  lock(): void {
    if (!this.tryLock()) this.#lockSlowly(Infinity);
  }

  /** Takes the lock if it is free; says whether it did. */
  tryLock(): boolean {
    const seen = Atomics.compareExchange(this.#view, this.#index, FREE, this.#owner << 1);
    if (seen === FREE) return true;
    this.#refuse(seen);
    return false;
  }

  /** Takes the lock if it can within so many milliseconds; says whether it did. */
  lockFor(timeoutMs: number): boolean {
    if (!(timeoutMs >= 0))
      throw new RangeError(`a time limit is 0 or more, got ${timeoutMs}: pass Infinity for none`);
    if (this.tryLock()) return true;
    return timeoutMs > 0 && this.#lockSlowly(performance.now() + timeoutMs);
  }

  /** Releases the lock and wakes one who waits. */
  unlock(): void {
    const seen = Atomics.load(this.#view, this.#index);
    if ((seen & POISONED) !== 0) throw new PoisonedError('the holder of the mutex died');
    if (seen >>> 1 !== this.#owner) {
      throw new NotOwnerError(
        `thread ${this.#owner} does not hold the mutex: only the holder may unlock, once`,
      );
    }
    Atomics.store(this.#view, this.#index, FREE);
    Atomics.notify(this.#view, this.#index, 1);
  }

  /** Declares the holder dead; says whether it was that thread. */
  poison(deadOwner: number): boolean {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if (seen >>> 1 !== deadOwner) return false;
      // FAULT M6: those who sleep on the word must be notified.
      const poisoned = (seen & ~WAITERS) | POISONED;
      if (Atomics.compareExchange(this.#view, this.#index, seen, poisoned) === seen) return true;
    }
  }

  /** Frees a poisoned lock; says whether it was one. */
  clearPoison(): boolean {
    const seen = Atomics.load(this.#view, this.#index);
    return (seen & POISONED) !== 0 && Atomics.compareExchange(this.#view, this.#index, seen, FREE) === seen;
  }

  #refuse(seen: number): void {
    if ((seen & POISONED) !== 0) throw new PoisonedError('the holder of the mutex died');
    if (seen >>> 1 === this.#owner) {
      throw new RelockError(
        `thread ${this.#owner} holds the mutex already: unlock it before it is locked again`,
      );
    }
  }

  /** After Drepper, "Futexes are tricky": who has waited cannot know who else waits, so takes it with WAITERS. */
  #lockSlowly(deadline: number): boolean {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      if (seen !== FREE) this.#refuse(seen);
      const next = (seen === FREE ? this.#owner << 1 : seen) | WAITERS;
      if (seen !== next && Atomics.compareExchange(this.#view, this.#index, seen, next) !== seen) continue;
      if (seen === FREE) return true;
      const remainingMs = deadline === Infinity ? Infinity : deadline - performance.now();
      if (remainingMs <= 0) return false;
      Atomics.wait(this.#view, this.#index, next, remainingMs);
    }
  }
}
