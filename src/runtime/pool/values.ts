/**
 * Small values in the payload of a slot: undefined, null, booleans, numbers and short strings, several at a time. Everything else goes
 * by message, as structured clone has it.
 */

// From the payload's first word on:
//   0 head    a caller's own
//   1 count   of the values, or BY_MESSAGE
//   2 kinds   of the values, 4 bits each, the first lowest
//   3 unused
//   4 data    numbers as float64; strings as length and UTF-16 units, two a word, each from an even word on
//  20 start, 22 end   when the task ran, in milliseconds of the pool's clock: float64, written by the worker
const COUNT = 1;
const KINDS = 2;
const DATA = 4;
const END_OF_DATA = 20;
export const STARTED = 20;
export const ENDED = 22;
export const BY_MESSAGE = -1;
export const MOST_VALUES = 7;

const UNDEFINED = 0;
const NULL = 1;
const FALSE = 2;
const TRUE = 3;
const NUMBER = 4;
const STRING = 5;

/** Reads and writes values from a word of a view on. The floats are over the same memory. */
export class Values {
  readonly #words: Int32Array;
  readonly #floats: Float64Array;
  readonly #units: Uint16Array;

  constructor(words: Int32Array) {
    this.#words = words;
    const { buffer, byteOffset, byteLength } = words;
    this.#floats = new Float64Array(buffer, byteOffset, byteLength >> 3);
    this.#units = new Uint16Array(buffer, byteOffset, byteLength >> 1);
  }

  /** Writes the values from word `at` on; false, and BY_MESSAGE in their place, when they are not small. `at` is even. */
  write(at: number, values: readonly unknown[]): boolean {
    const words = this.#words;
    const { length } = values;
    let kinds = 0;
    let word = at + DATA;
    words[at + COUNT] = BY_MESSAGE;
    if (length > MOST_VALUES) return false;
    for (let i = 0; i < length; i += 1) {
      const value = values[i];
      let kind = UNDEFINED;
      if (typeof value === 'number') {
        if (word + 2 > at + END_OF_DATA) return false;
        this.#floats[word >> 1] = value;
        word += 2;
        kind = NUMBER;
      } else if (typeof value === 'string') {
        const size = 2 + ((((value.length + 1) >> 1) + 1) & ~1);
        if (word + size > at + END_OF_DATA) return false;
        words[word] = value.length;
        for (let unit = 0; unit < value.length; unit += 1)
          this.#units[2 * (word + 2) + unit] = value.charCodeAt(unit);
        word += size;
        kind = STRING;
      } else if (value === null) kind = NULL;
      else if (value === false) kind = FALSE;
      else if (value === true) kind = TRUE;
      else if (value !== undefined) return false;
      kinds |= kind << (4 * i);
    }
    words[at + COUNT] = length;
    words[at + KINDS] = kinds;
    return true;
  }

  /** The values from word `at` on; undefined when they come by message. */
  read(at: number): unknown[] | undefined {
    const words = this.#words;
    const count = words[at + COUNT]!; // in the view, as all below
    if (count === BY_MESSAGE) return undefined;
    const kinds = words[at + KINDS]!;
    const values: unknown[] = [];
    let word = at + DATA;
    for (let i = 0; i < count; i += 1) {
      switch ((kinds >>> (4 * i)) & 15) {
        case NUMBER:
          values.push(this.#floats[word >> 1]);
          word += 2;
          break;
        case STRING: {
          const length = words[word]!;
          let text = '';
          for (let unit = 0; unit < length; unit += 1)
            text += String.fromCharCode(this.#units[2 * (word + 2) + unit]!);
          values.push(text);
          word += 2 + ((((length + 1) >> 1) + 1) & ~1);
          break;
        }
        case NULL:
          values.push(null);
          break;
        case FALSE:
          values.push(false);
          break;
        case TRUE:
          values.push(true);
          break;
        default:
          values.push(undefined);
      }
    }
    return values;
  }

  /** The moment in two words, as float64. */
  readMoment(at: number): number {
    return this.#floats[at >> 1]!;
  }

  /** Milliseconds that the task whose payload is at `at` has run; -1 when it has not begun: its worker has claimed it just now. */
  ranMs(at: number, now: number): number {
    const started = this.readMoment(at + STARTED);
    return started > 0 ? now - started : -1;
  }

  writeMoment(at: number, moment: number): void {
    this.#floats[at >> 1] = moment;
  }
}

/** Milliseconds on a clock that all threads of the process share. */
export function sharedClock(): () => number {
  const offset = Number(process.hrtime.bigint()) / 1e6 - performance.now();
  return () => performance.now() + offset;
}
