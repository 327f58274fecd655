/**
 * A held lock that is released once: at the end of a `using` block, or earlier by `release()`.
 *
 * ```ts
 * using held = mutex.guard();
 * ```
 */
export class Guard {
  readonly #lock: { unlock(): void };
  #held = true;

  /** @param lock a lock that the caller holds already */
  constructor(lock: { unlock(): void }) {
    this.#lock = lock;
  }

  /** Unlocks the first time, does nothing afterwards. Throws what `unlock()` throws. */
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#lock.unlock();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
