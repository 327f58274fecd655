/**
 * A canonical hash of an execution's behaviour: which write each read saw, the order of writes to each cell, and of the events of
 * its wait queue. Two executions with the same hash differ only in the order of independent steps (the same Mazurkiewicz
 * trace). Event identity is (thread, index in thread), cells are (buffer by first use, byte offset): both independent of the schedule.
 *
 * 53 bits of hash: with a million behaviours the chance that any two collide is about 6 in 100,000.
 */
export class BehaviourHash {
  /** Open addressing; a slot is live when its stamp is the current one. */
  #mask = 63;
  #stamp: Int32Array = new Int32Array(64);
  #buffer: Int32Array = new Int32Array(64);
  #offset: Int32Array = new Int32Array(64);
  #high: Int32Array = new Int32Array(64);
  #low: Int32Array = new Int32Array(64);
  #readHigh: Int32Array = new Int32Array(64);
  #readLow: Int32Array = new Int32Array(64);
  #now = 0;
  /** The live slots: the first `#used` entries count. */
  #slots: Int32Array = new Int32Array(32);
  #used = 0;

  reset(): void {
    this.#now = (this.#now + 1) | 0;
    this.#used = 0;
  }

  #slot(buffer: number, offset: number): number {
    let i = (Math.imul(offset, 0x9e3779b1) ^ Math.imul(buffer, 0x85ebca77)) >>> 8;
    for (;;) {
      i &= this.#mask;
      if (this.#stamp[i] !== this.#now) break;
      if (this.#offset[i] === offset && this.#buffer[i] === buffer) return i;
      i++;
    }
    if (this.#used === this.#slots.length) {
      this.#grow();
      return this.#slot(buffer, offset);
    }
    this.#slots[this.#used++] = i;
    this.#stamp[i] = this.#now;
    this.#buffer[i] = buffer;
    this.#offset[i] = offset;
    this.#high[i] = mix(offset, buffer);
    this.#low[i] = mix(buffer + 1, offset);
    this.#readHigh[i] = 0;
    this.#readLow[i] = 0;
    return i;
  }

  #grow(): void {
    const slots = this.#slots;
    const buffer = this.#buffer;
    const offset = this.#offset;
    const high = this.#high;
    const low = this.#low;
    const readHigh = this.#readHigh;
    const readLow = this.#readLow;
    const size = (this.#mask + 1) * 2;
    this.#mask = size - 1;
    this.#now = 1;
    this.#used = 0;
    this.#slots = new Int32Array(size / 2);
    this.#stamp = new Int32Array(size);
    this.#buffer = new Int32Array(size);
    this.#offset = new Int32Array(size);
    this.#high = new Int32Array(size);
    this.#low = new Int32Array(size);
    this.#readHigh = new Int32Array(size);
    this.#readLow = new Int32Array(size);
    for (const i of slots) {
      const j = this.#slot(buffer[i]!, offset[i]!);
      this.#high[j] = high[i]!;
      this.#low[j] = low[i]!;
      this.#readHigh[j] = readHigh[i]!;
      this.#readLow[j] = readLow[i]!;
    }
  }

  /** A read by event (thread, index): reads between two writes commute. */
  read(buffer: number, offset: number, thread: number, index: number): void {
    const i = this.#slot(buffer, offset);
    const event = (thread << 24) ^ index;
    this.#readHigh[i] = (this.#readHigh[i]! + mix(this.#high[i]!, event)) | 0;
    this.#readLow[i] = (this.#readLow[i]! + mix(this.#low[i]!, event ^ 0x5bd1e995)) | 0;
  }

  /** A write: ordered with everything on its cell. `kind` tells variants apart. */
  write(buffer: number, offset: number, thread: number, index: number, kind: number): void {
    const i = this.#slot(buffer, offset);
    const event = ((thread << 24) ^ index) + Math.imul(kind, 0x01000193);
    this.#high[i] = mix(mix(this.#high[i]!, this.#readHigh[i]!), event);
    this.#low[i] = mix(mix(this.#low[i]!, this.#readLow[i]!), event ^ 0x27d4eb2f);
    this.#readHigh[i] = 0;
    this.#readLow[i] = 0;
  }

  /** The hash of everything since `reset`: a whole number below 2^53. */
  value(): number {
    let high = 0;
    let low = 0;
    for (let k = 0; k < this.#used; k++) {
      const i = this.#slots[k]!;
      high = (high + mix(this.#high[i]!, this.#readHigh[i]!)) | 0;
      low = (low + mix(this.#low[i]!, this.#readLow[i]!)) | 0;
    }
    return (high >>> 0) * 2097152 + (low >>> 11);
  }
}

/** murmur3's block mix and finaliser over two words. */
function mix(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0xcc9e2d51) ^ Math.imul(b, 0x1b873593);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}
