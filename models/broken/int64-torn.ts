/**
 * A 64-bit integer in shared memory that is loaded and stored in two halves of 32 bits. The other operations take
 * the whole word.
 *
 * Fault: torn access. Shortest interleaving, 3 steps from 0 on: T0 store(2^32 + 1): low half; T1 load: low half 1,
 * high half 0. T1 has seen 1, which nobody wrote.
 *
 * Odds: see properties/broken.ts
 */

// The halves of the word in an Int32Array, on a little-endian machine.
const LOW = 0;
const HIGH = 1;

/** An integer of which one may see half of a store. Lives in one cell; operations return the old value. */
export class TornInt64 {
  readonly #view: BigInt64Array<SharedArrayBuffer>;
  readonly #index: number;
  /** The two halves of the same cell. */
  readonly #halves: Int32Array<SharedArrayBuffer>;

  private constructor(view: BigInt64Array<SharedArrayBuffer>, index: number) {
    this.#view = view;
    this.#index = index;
    this.#halves = new Int32Array(view.buffer, view.byteOffset + index * view.BYTES_PER_ELEMENT, 2);
  }

  /** Writes `initial` into the cell. */
  static create(view: BigInt64Array<SharedArrayBuffer>, index: number, initial: bigint = 0n): TornInt64 {
    Atomics.store(view, index, initial);
    return new TornInt64(view, index);
  }

  /** A handle on a cell that another thread created. Does not touch the cell. */
  static attach(view: BigInt64Array<SharedArrayBuffer>, index: number): TornInt64 {
    return new TornInt64(view, index);
  }

  load(): bigint {
    // FAULT torn load: a store may come between the halves.
    const low = Atomics.load(this.#halves, LOW);
    const high = Atomics.load(this.#halves, HIGH);
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  /** Replaces the value; returns what was stored, wrapped to 64 bits. */
  store(value: bigint): bigint {
    // FAULT torn store: any operation may come between the halves.
    Atomics.store(this.#halves, LOW, Number(BigInt.asIntN(32, value)));
    Atomics.store(this.#halves, HIGH, Number(BigInt.asIntN(32, value >> 32n)));
    return BigInt.asIntN(64, value);
  }

  add(value: bigint): bigint {
    return Atomics.add(this.#view, this.#index, value);
  }

  sub(value: bigint): bigint {
    return Atomics.sub(this.#view, this.#index, value);
  }

  and(value: bigint): bigint {
    return Atomics.and(this.#view, this.#index, value);
  }

  or(value: bigint): bigint {
    return Atomics.or(this.#view, this.#index, value);
  }

  xor(value: bigint): bigint {
    return Atomics.xor(this.#view, this.#index, value);
  }

  exchange(value: bigint): bigint {
    return Atomics.exchange(this.#view, this.#index, value);
  }

  compareExchange(expected: bigint, replacement: bigint): bigint {
    return Atomics.compareExchange(this.#view, this.#index, expected, replacement);
  }
}
