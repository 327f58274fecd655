/**
 * A flag that is read plainly.
 *
 * Fault F-PLAIN. Every value is right, but nothing is published to who reads it: T0 set; T1 isSet is true, and what T0 wrote before may not be seen. Only the order of
 * accesses shows it.
 *
 * Odds: see properties/broken.ts
 */

/** A flag that publishes nothing. */
export class PlainFlag {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  static create(view: Int32Array<SharedArrayBuffer>, index: number): PlainFlag {
    Atomics.store(view, index, 0);
    return new PlainFlag(view, index);
  }

  static attach(view: Int32Array<SharedArrayBuffer>, index: number): PlainFlag {
    return new PlainFlag(view, index);
  }

  isSet(): boolean {
    // FAULT F-PLAIN: this orders nothing. Load by Atomics.
    return this.#view[this.#index] === 1;
  }

  set(): boolean {
    if (Atomics.exchange(this.#view, this.#index, 1) === 1) return false;
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
