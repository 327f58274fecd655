/**
 * A hash of the execution so far that does not depend on the order of independent events: equal for two beginnings that are one up to that order, so that
 * they lead to one state. After the happens-before caching of CHESS (Musuvathi and Qadeer, "Partial-order reduction for context-bounded state
 * exploration", MSR-TR-2007-12).
 *
 * An event's hash is made of its thread, its kind and the hashes of what came directly before it: in its thread, and on the locations it touches. The
 * beginning's is their sum. 53 bits: with a million states the chance that any two collide is about 6 in 100,000.
 */
import { mix } from '../pending.ts';
import type { Footprint, Locations } from './footprint.ts';

/** One half of the hash: the second has another seed. */
class Lane {
  sum = 0;
  readonly #seed: number;
  readonly #last: Int32Array;
  readonly #writes: number[] = [];
  readonly #reads: number[] = [];

  constructor(seed: number, threads: number) {
    this.#seed = seed;
    this.#last = new Int32Array(threads);
  }

  reset(): void {
    this.sum = 0;
    this.#last.fill(this.#seed);
    this.#writes.fill(0);
    this.#reads.fill(0);
  }

  add(thread: number, kind: number, footprint: Footprint, locations: Locations): void {
    let hash = mix(this.#last[thread]!, thread * 32 + kind);
    for (const access of footprint) {
      hash = this.#after(hash, access >> 1, access & 1);
      const others = locations.mixed ? locations.overlapping(access >> 1) : undefined;
      if (others !== undefined) for (const other of others) hash = this.#after(hash, other, access & 1);
    }
    for (const access of footprint) {
      const location = access >> 1;
      if ((access & 1) === 0) this.#reads[location] = ((this.#reads[location] ?? 0) + hash) | 0;
      else {
        this.#writes[location] = hash;
        this.#reads[location] = 0;
      }
    }
    this.#last[thread] = hash;
    this.sum = (this.sum + hash) | 0;
  }

  #after(hash: number, location: number, write: number): number {
    const last = mix(location, this.#writes[location] ?? 0);
    return mix(hash, write === 0 ? last : mix(last, (this.#reads[location] ?? 0) + 1));
  }
}

export class PrefixHash {
  readonly #high: Lane;
  readonly #low: Lane;

  constructor(threads: number) {
    this.#high = new Lane(0x7470, threads);
    this.#low = new Lane(0x68b, threads);
  }

  reset(): void {
    this.#high.reset();
    this.#low.reset();
  }

  add(thread: number, kind: number, footprint: Footprint, locations: Locations): void {
    this.#high.add(thread, kind, footprint, locations);
    this.#low.add(thread, kind, footprint, locations);
  }

  /** A whole number below 2^53. */
  value(): number {
    return (this.#high.sum >>> 0) * 2097152 + (this.#low.sum >>> 11);
  }
}
