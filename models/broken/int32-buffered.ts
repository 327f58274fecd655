/**
 * An integer whose stores sit in a buffer of their thread for a while, as a processor's do: until the thread's next operation on
 * the cell.
 *
 * Fault SC. Shortest interleaving (store buffering), x = y = 0: T0 stores x = 1, into its buffer; T1 stores y = 1, into its buffer; T0 loads y, 0; T1 loads x, 0.
 * In no order of the four does that happen.
 *
 * Odds: see properties/broken.ts
 */
import { PlainInt32 } from './int32-plain.ts';

/** As PlainInt32, but for the fault. */
export class BufferedInt32 extends PlainInt32 {
  #buffered: number | undefined;

  override store(value: number): number {
    // FAULT SC: nobody else sees it until it is written out.
    this.#buffered = value | 0;
    return value | 0;
  }

  /** Its own thread sees the store at once, and writes it out with that. */
  override load(): number {
    if (this.#buffered !== undefined) super.store(this.#buffered);
    this.#buffered = undefined;
    return super.load();
  }

  override add(value: number): number {
    this.load();
    return super.add(value);
  }

  override sub(value: number): number {
    this.load();
    return super.sub(value);
  }

  override exchange(value: number): number {
    this.load();
    return super.exchange(value);
  }

  override compareExchange(expected: number, replacement: number): number {
    this.load();
    return super.compareExchange(expected, replacement);
  }
}
