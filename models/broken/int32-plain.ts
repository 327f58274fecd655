/** A sound 32-bit integer in shared memory, from which broken ones are derived. Each broken twin overrides some methods. */

type View = Int32Array<SharedArrayBuffer>;

/** One cell; operations return the old value, `store` the new one. */
export class PlainInt32 {
  protected readonly view: View;
  protected readonly index: number;

  constructor(view: View, index: number) {
    this.view = view;
    this.index = index;
  }

  /** Writes `initial` into the cell. */
  static create(view: View, index: number, initial: number = 0): PlainInt32 {
    Atomics.store(view, index, initial);
    return new this(view, index);
  }

  /** A handle on a cell that another thread created. Does not touch the cell. */
  static attach(view: View, index: number): PlainInt32 {
    return new this(view, index);
  }

  load(): number {
    return Atomics.load(this.view, this.index);
  }

  store(value: number): number {
    Atomics.store(this.view, this.index, value);
    return value | 0;
  }

  add(value: number): number {
    return Atomics.add(this.view, this.index, value);
  }

  sub(value: number): number {
    return Atomics.sub(this.view, this.index, value);
  }

  and(value: number): number {
    return Atomics.and(this.view, this.index, value);
  }

  or(value: number): number {
    return Atomics.or(this.view, this.index, value);
  }

  xor(value: number): number {
    return Atomics.xor(this.view, this.index, value);
  }

  exchange(value: number): number {
    return Atomics.exchange(this.view, this.index, value);
  }

  compareExchange(expected: number, replacement: number): number {
    return Atomics.compareExchange(this.view, this.index, expected, replacement);
  }
}
