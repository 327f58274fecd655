/**
 * An integer that keeps what it has loaded in a register, as a compiler does with a plain read in a loop.
 *
 * Fault VIS. Shortest interleaving: T1 load, 0; T0 store 1; T1 load, 0 again: what was there before its call is not seen.
 *
 * Odds: see properties/broken.ts
 */
import { PlainInt32 } from './int32-plain.ts';

/** As PlainInt32, but for the fault. */
export class StaleInt32 extends PlainInt32 {
  #seen: number | undefined;
  #loads = 0;

  override load(): number {
    // FAULT VIS: every load must look at the memory.
    this.#loads += 1;
    if (this.#seen === undefined || this.#loads % 2 === 1) this.#seen = super.load();
    return this.#seen;
  }
}
