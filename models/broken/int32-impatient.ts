/**
 * An integer that adds by compare-exchange, and gives up when others were faster too often.
 *
 * Fault RETRY. It takes 8 other operations on the cell, each between a load and the compare-exchange after it: few threads never show it, and many on one cell do.
 *
 * Odds: see properties/broken.ts
 */
import { PlainInt32 } from './int32-plain.ts';

const attempts = 8;

/** As PlainInt32, but for the fault. */
export class ImpatientInt32 extends PlainInt32 {
  override add(value: number): number {
    let seen = this.load();
    // FAULT RETRY: who was passed must go on until it has added.
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const found = this.compareExchange(seen, (seen + value) | 0);
      if (found === seen) break;
      seen = found;
    }
    return seen;
  }

  override sub(value: number): number {
    return this.add(-value);
  }
}
