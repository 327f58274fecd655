/**
 * A counter that looks whether it may count, and then counts.
 *
 * Fault N1. Shortest interleaving, 4 steps at 1: T0 load; T1 load; T0 sub; T1 sub. The count is -1.
 *
 * Odds: see properties/broken.ts
 */
import { CountOverflowError, CountUnderflowError } from '../../src/runtime/errors.ts';

/** A count that may leave its range, 0 to 2^31 - 1. */
export class UncheckedCounter {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #index: number;

  private constructor(view: Int32Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
  }

  static create(view: Int32Array<SharedArrayBuffer>, index: number, initial: number = 0): UncheckedCounter {
    Atomics.store(view, index, initial);
    return new UncheckedCounter(view, index);
  }

  static attach(view: Int32Array<SharedArrayBuffer>, index: number): UncheckedCounter {
    return new UncheckedCounter(view, index);
  }

  value(): number {
    return Atomics.load(this.#view, this.#index);
  }

  increment(amount: number): number {
    if (this.value() > 2 ** 31 - 1 - amount) throw new CountOverflowError('too many');
    return Atomics.add(this.#view, this.#index, amount) + amount;
  }

  decrement(amount: number): number {
    if (this.value() < amount) throw new CountUnderflowError('too few');
    // FAULT N1: others may have counted since. Compare and exchange.
    return Atomics.sub(this.#view, this.#index, amount) - amount;
  }
}
