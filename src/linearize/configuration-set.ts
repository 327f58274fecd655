/**
 * The configurations (set of linearized operations, state) that a search has met: an exact set, for a hash alone
 * would make a verdict wrong now and then. Open addressing; allocates only to grow, and is reused.
 *
 * Arena: { hash, words... } per pair, or { hash, length, words... } per sequence. Slot: offset in the arena + 1.
 * Invariant: between two clear() calls, only pairs or only sequences are added.
 */
const SMALL = 256;
const KEPT = 8192;

export class ConfigurationSet {
  #slots: Int32Array<ArrayBuffer> = new Int32Array(SMALL);
  #arena: Int32Array<ArrayBuffer> = new Int32Array(4 * SMALL);
  #count = 0;
  #end = 0;

  get size(): number {
    return this.#count;
  }

  /** Forgets everything. Lets large memory go, so that one hard check does not slow the small ones after it. */
  clear(): void {
    if (this.#slots.length > KEPT) {
      this.#slots = new Int32Array(SMALL);
      this.#arena = new Int32Array(4 * SMALL);
    } else if (this.#count > 0) {
      this.#slots.fill(0);
    }
    this.#count = 0;
    this.#end = 0;
  }

  /** Adds a pair of 32-bit integers; false when it was there. */
  addPair(first: number, second: number): boolean {
    const hash = finish(Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77));
    const last = this.#slots.length - 1;
    let slot = hash & last;
    for (let offset = this.#slots[slot]!; offset !== 0; offset = this.#slots[slot]!) {
      if (this.#arena[offset] === first && this.#arena[offset + 1] === second) return false;
      slot = (slot + 1) & last;
    }
    this.#reserve(3);
    this.#slots[slot] = this.#end + 1;
    this.#arena[this.#end] = hash;
    this.#arena[this.#end + 1] = first;
    this.#arena[this.#end + 2] = second;
    this.#added(3);
    return true;
  }

  /** Adds the first `length` words; false when that sequence was there. Copies them. */
  addWords(words: Int32Array, length: number): boolean {
    let mixed = length;
    for (let index = 0; index < length; index++)
      mixed = Math.imul(mixed ^ words[index]!, 0x9e3779b1) ^ (mixed >>> 15);
    const hash = finish(mixed);
    const last = this.#slots.length - 1;
    let slot = hash & last;
    for (let offset = this.#slots[slot]!; offset !== 0; offset = this.#slots[slot]!) {
      if (this.#arena[offset - 1] === hash && this.#holds(offset, words, length)) return false;
      slot = (slot + 1) & last;
    }
    this.#reserve(length + 2);
    this.#slots[slot] = this.#end + 1;
    this.#arena[this.#end] = hash;
    this.#arena[this.#end + 1] = length;
    for (let index = 0; index < length; index++) this.#arena[this.#end + 2 + index] = words[index]!;
    this.#added(length + 2);
    return true;
  }

  #holds(offset: number, words: Int32Array, length: number): boolean {
    if (this.#arena[offset] !== length) return false;
    for (let index = 0; index < length; index++)
      if (this.#arena[offset + 1 + index] !== words[index]) return false;
    return true;
  }

  #reserve(words: number): void {
    if (this.#end + words <= this.#arena.length) return;
    const larger = new Int32Array(2 * this.#arena.length + words);
    larger.set(this.#arena);
    this.#arena = larger;
  }

  #added(words: number): void {
    this.#end += words;
    this.#count++;
    if (2 * this.#count > this.#slots.length) this.#rehash();
  }

  #rehash(): void {
    const slots = new Int32Array(4 * this.#slots.length);
    for (const offset of this.#slots) {
      if (offset === 0) continue;
      let slot = this.#arena[offset - 1]! & (slots.length - 1);
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
      slots[slot] = offset;
    }
    this.#slots = slots;
  }
}

/** The finisher of MurmurHash3: every bit of the input reaches the low bits, which choose the slot. */
function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
