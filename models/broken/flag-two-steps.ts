/**
 * A flag that is tested, and then set.
 *
 * Fault F1. Shortest interleaving, 4 steps: T0 load: clear; T1 load: clear; both store. Both were the first.
 *
 * Odds: see properties/broken.ts
 */

/** A flag that more than one thread may find clear. */
export class TwoStepFlag {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  static create(view: Int32Array<SharedArrayBuffer>, index: number): TwoStepFlag {
    Atomics.store(view, index, 0);
    return new TwoStepFlag(view, index);
  }

  static attach(view: Int32Array<SharedArrayBuffer>, index: number): TwoStepFlag {
    return new TwoStepFlag(view, index);
  }

  isSet(): boolean {
    return Atomics.load(this.#view, this.#index) === 1;
  }

  set(): boolean {
    // FAULT F1: another thread may set it in between. Exchange.
    if (Atomics.load(this.#view, this.#index) === 1) return false;
    Atomics.store(this.#view, this.#index, 1);
    Atomics.notify(this.#view, this.#index);
    return true;
  }

  clear(): boolean {
    return Atomics.exchange(this.#view, this.#index, 0) === 1;
  }

  wait(timeoutMs: number = Infinity): boolean {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (this.isSet()) return true;
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) return false;
      Atomics.wait(this.#view, this.#index, 0, remainingMs);
    }
  }
}
