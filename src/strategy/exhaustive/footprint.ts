/**
 * What a step touches, as far as the order of steps matters: a list of accesses to locations. Two steps of different threads are
 * dependent when they touch one location and one of them writes it.
 *
 * A location is a cell (buffer, byte offset, width; cells that overlap are one in this), the wait queue of a cell (buffer, byte offset, as in
 * ECMA-262), or the token of a thread: the notify that wakes a thread writes it and the thread's waking reads it, which makes a
 * causal edge of the two.
 *
 * A load, a compare-exchange that changes nothing and the comparison of a wait read the cell; stores, other read-modify-writes and a successful
 * compare-exchange write it. Going to sleep, a time-out and a notify that wakes somebody write the queue; a notify that wakes nobody reads it.
 * These are the classes of `src/engine/behaviour.ts`: an execution for each class of schedules is an execution for each behaviour.
 */

/** Accesses: twice the number of the location, plus one for a write. Never changed once made; short ones are shared. */
export type Footprint = readonly number[];

export const nothing: Footprint = [];
/** Of a step that nobody has seen yet: dependent on everything. */
export const unknown: Footprint = [-1];

export class Locations {
  readonly #threads: number;
  readonly #byBuffer: Map<number, Map<number, number>> = new Map();
  /** First byte and width of each; a queue has width 0, a token has buffer -1. */
  readonly #buffer: number[] = [];
  readonly #offset: number[] = [];
  readonly #width: number[] = [];
  /** Cells that overlap others of another offset or width: for most programs none. */
  readonly #overlaps: (readonly number[] | undefined)[] = [];
  /** Whether any two cells overlap. */
  mixed = false;

  constructor(threads: number) {
    this.#threads = threads;
    for (let t = 0; t < threads; t++) this.#add(-1, t, 0);
  }

  get count(): number {
    return this.#buffer.length;
  }

  /** The token of a thread. */
  token(thread: number): number {
    return thread;
  }

  queue(buffer: number, offset: number): number {
    return this.#number(buffer, offset, 0);
  }

  cell(buffer: number, offset: number, width: number): number {
    return this.#number(buffer, offset, width);
  }

  /** The wait queue of a cell. */
  queueOfCell(cell: number): number {
    return this.queue(this.#buffer[cell]!, this.#offset[cell]!);
  }

  /** Other locations that share bytes with this one. */
  overlapping(location: number): readonly number[] | undefined {
    return this.#overlaps[location];
  }

  /** All locations after the tokens, to be made again by `restore`. */
  save(): number[][] {
    return this.#buffer.map((buffer, i) => [buffer, this.#offset[i]!, this.#width[i]!]).slice(this.#threads);
  }

  restore(saved: readonly (readonly number[])[]): void {
    for (const [buffer, offset, width] of saved) this.#number(buffer!, offset!, width!);
  }

  #number(buffer: number, offset: number, width: number): number {
    let offsets = this.#byBuffer.get(buffer);
    if (offsets === undefined) {
      offsets = new Map();
      this.#byBuffer.set(buffer, offsets);
    }
    const key = offset * 16 + width;
    const known = offsets.get(key);
    if (known !== undefined) return known;
    const location = this.#add(buffer, offset, width);
    offsets.set(key, location);
    return location;
  }

  #add(buffer: number, offset: number, width: number): number {
    const location = this.#buffer.length;
    this.#buffer.push(buffer);
    this.#offset.push(offset);
    this.#width.push(width);
    this.#overlaps.push(undefined);
    for (let other = this.#threads; width > 0 && other < location; other++) {
      if (
        this.#buffer[other] !== buffer ||
        this.#width[other] === 0 ||
        this.#offset[other]! >= offset + width ||
        offset >= this.#offset[other]! + this.#width[other]!
      )
        continue;
      this.mixed = true;
      this.#overlaps[location] = [...(this.#overlaps[location] ?? nothing), other];
      this.#overlaps[other] = [...(this.#overlaps[other] ?? nothing), location];
    }
    return location;
  }

  /** Whether two steps of different threads must keep their order. */
  dependent(a: Footprint, b: Footprint): boolean {
    if (a === unknown || b === unknown) return true;
    for (const x of a)
      for (const y of b) {
        if (((x | y) & 1) === 0) continue;
        if (x >> 1 === y >> 1) return true;
        if (this.mixed && this.#overlaps[x >> 1]?.includes(y >> 1) === true) return true;
      }
    return false;
  }
}

export function sameFootprint(a: Footprint, b: Footprint): boolean {
  return a === b || (a.length === b.length && a.every((x, i) => x === b[i]));
}
