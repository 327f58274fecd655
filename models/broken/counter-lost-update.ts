/**
 * A 32-bit integer in shared memory whose arithmetic is a load and then a store: each atomic, together not.
 *
 * Fault O2 (`+= 1` is no atomic operation). Shortest interleaving, 4 steps: T0 add: load 0; T1 add: load 0; T0
 * store 1; T1 store 1. Two additions, and the counter says 1; both were told 0.
 *
 * Odds: see properties/broken.ts
 */

/** An integer that forgets updates made at the same time. One cell; operations return the old value. */
export class LostUpdateCounter {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  /** Writes `initial` into the cell. */
  static create(view: Int32Array<SharedArrayBuffer>, index: number, initial: number = 0): LostUpdateCounter {
    Atomics.store(view, index, initial);
    return new LostUpdateCounter(view, index);
  }

  /** A handle on a cell that another thread created. Does not touch the cell. */
  static attach(view: Int32Array<SharedArrayBuffer>, index: number): LostUpdateCounter {
    return new LostUpdateCounter(view, index);
  }

  load(): number {
    return Atomics.load(this.#view, this.#index);
  }

  /** Replaces the value; returns what was stored, wrapped to 32 bits. */
  store(value: number): number {
    Atomics.store(this.#view, this.#index, value);
    return value | 0;
  }

  add(value: number): number {
    const old = this.load();
    // FAULT O2: what others did since the load is overwritten. The same in sub, and, or, xor.
    this.store(old + value);
    return old;
  }

  sub(value: number): number {
    const old = this.load();
    this.store(old - value);
    return old;
  }

  and(value: number): number {
    const old = this.load();
    this.store(old & value);
    return old;
  }

  or(value: number): number {
    const old = this.load();
    this.store(old | value);
    return old;
  }

  xor(value: number): number {
    const old = this.load();
    this.store(old ^ value);
    return old;
  }

  exchange(value: number): number {
    return Atomics.exchange(this.#view, this.#index, value);
  }

  compareExchange(expected: number, replacement: number): number {
    return Atomics.compareExchange(this.#view, this.#index, expected, replacement);
  }
}
