/**
 * A map from whole numbers to whole numbers (both of 31 bits, keys not negative) that is emptied in one step: what an execution knows of its
 * cells, for those who follow every step. Open addressing; at most half of the slots are used.
 */
export class NumberTable {
  size = 0;
  #mask = 63;
  #keys: Int32Array = new Int32Array(64);
  #values: Int32Array = new Int32Array(64);
  /** A slot is live when its stamp is the current one. */
  #stamps: Int32Array = new Int32Array(64);
  #now = 1;

  clear(): void {
    this.#now = (this.#now + 1) | 0;
    this.size = 0;
    // After four billion executions an old stamp could look like a new one.
    if (this.#now === 0) {
      this.#stamps.fill(0);
      this.#now = 1;
    }
  }

  get(key: number, otherwise: number): number {
    const i = this.#slot(key);
    return this.#stamps[i] === this.#now ? this.#values[i]! : otherwise;
  }

  /** Says whether the key is new. */
  set(key: number, value: number): boolean {
    const i = this.#slot(key);
    this.#values[i] = value;
    if (this.#stamps[i] === this.#now) return false;
    this.#keys[i] = key;
    this.#stamps[i] = this.#now;
    if (++this.size * 2 > this.#mask) this.#grow();
    return true;
  }

  #slot(key: number): number {
    let i = Math.imul(key, 0x9e3779b1) >>> 8;
    for (;;) {
      i &= this.#mask;
      if (this.#stamps[i] !== this.#now || this.#keys[i] === key) return i;
      i++;
    }
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const stamps = this.#stamps;
    const now = this.#now;
    const size = keys.length * 2;
    this.#mask = size - 1;
    this.#keys = new Int32Array(size);
    this.#values = new Int32Array(size);
    this.#stamps = new Int32Array(size);
    this.#now = 1;
    this.size = 0;
    for (let i = 0; i < keys.length; i++) if (stamps[i] === now) this.set(keys[i]!, values[i]!);
  }
}
