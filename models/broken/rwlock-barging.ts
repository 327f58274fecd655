/**
 * A readers-writer lock in one word whose readers do not care for writers that wait. The word: readers inside, or -1 for a writer.
 *
 * Fault R1, as a lock that nobody counts anything in, so an execution in which readers overlap for ever comes back to where it was. Shortest interleaving: T0
 * lockShared; T2 lockExclusive (waits); T1 lockShared; T0 unlockShared; T0 lockShared; T1 unlockShared, and so on.
 */
const WRITER = -1;

/** A lock whose writer may wait for ever. Lives in one cell. */
export class BargingRwLock {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  /** A handle on a lock; a cell of 0 is free. */
  constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  lockShared(): void {
    for (;;) {
      const seen = Atomics.load(this.#view, this.#index);
      // FAULT R1: a writer that waits must keep new readers out.
      if (seen === WRITER) Atomics.wait(this.#view, this.#index, WRITER);
      else if (Atomics.compareExchange(this.#view, this.#index, seen, seen + 1) === seen) return;
    }
  }

  unlockShared(): void {
    if (Atomics.sub(this.#view, this.#index, 1) === 1) Atomics.notify(this.#view, this.#index);
  }

  lockExclusive(): void {
    for (;;) {
      const seen = Atomics.compareExchange(this.#view, this.#index, 0, WRITER);
      if (seen === 0) return;
      Atomics.wait(this.#view, this.#index, seen);
    }
  }

  unlockExclusive(): void {
    Atomics.store(this.#view, this.#index, 0);
    Atomics.notify(this.#view, this.#index);
  }
}
