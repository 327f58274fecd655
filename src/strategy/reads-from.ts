/** What reads-from guided exploration learns: who may write and read each cell, which pairs were seen, and the corpus of abstract schedules. */

import { NumberTable } from './number-table.ts';
import { mix } from './pending.ts';
import type { RandomSource } from './random-source.ts';

/** One member of an abstract schedule. Operations are static: `mix(site, cell)`, or `initial` for what `setup` left in the cell. */
export interface Constraint {
  readonly positive: boolean;
  readonly cell: number;
  readonly write: number;
  readonly read: number;
  /** Whether `write` has been executed in this execution. */
  written: boolean;
}

interface AbstractSchedule {
  readonly constraints: readonly Constraint[];
  uses: number;
}

/** The write of the initial value. */
const initial = 0;
/** Constraints of an abstract schedule. The bugs that are known need two or three. */
const mostConstraints = 6;
/** Abstract schedules kept; beyond it the most used one makes room. */
const mostKept = 512;

interface CellOperations {
  readonly cell: number;
  readonly writes: number[];
  readonly reads: number[];
}

export class ReadsFrom {
  readonly #cells = new Map<number, CellOperations>();
  /** Cells with at least one read, which has the initial write to read from. */
  readonly #read: CellOperations[] = [];
  readonly #readers = new NumberTable();
  readonly #writers = new NumberTable();
  readonly #seenPairs = new NumberTable();
  readonly #seenSets = new Set<number>();
  readonly #corpus: AbstractSchedule[] = [{ constraints: [], uses: 0 }];
  readonly #lastWriter = new NumberTable();
  #current: readonly Constraint[] = [];
  /** Pairs of this execution. */
  readonly #pairs = new NumberTable();
  #set = 0;
  #newPair = false;

  /** The operation that wrote a cell last in this execution. */
  lastWriter(cell: number): number {
    return this.#lastWriter.get(cell, initial);
  }

  read(cell: number, operation: number): void {
    if (this.#readers.set(operation, 1)) {
      const known = this.#operations(cell);
      if (known.reads.length === 0) this.#read.push(known);
      known.reads.push(operation);
    }
    const pair = mix(this.lastWriter(cell), operation);
    if (!this.#pairs.set(pair, 1)) return;
    this.#set = (this.#set + Math.imul(pair, 0x9e3779b1)) | 0;
    if (this.#seenPairs.set(pair, 1)) this.#newPair = true;
  }

  wrote(cell: number, operation: number): void {
    if (this.#writers.set(operation, 1)) this.#operations(cell).writes.push(operation);
    this.#lastWriter.set(cell, operation);
  }

  #operations(cell: number): CellOperations {
    let known = this.#cells.get(cell);
    if (known === undefined) {
      known = { cell, writes: [initial], reads: [] };
      this.#cells.set(cell, known);
    }
    return known;
  }

  /** An execution has ended: what it was made from is kept when it showed something new. */
  finish(): void {
    const isNew = this.#newPair || !this.#seenSets.has(this.#set);
    if (isNew && this.#current.length > 0) {
      if (this.#corpus.length >= mostKept) this.#dropMostUsed();
      this.#corpus.push({ constraints: this.#current, uses: 0 });
    }
    this.#seenSets.add(this.#set);
  }

  #dropMostUsed(): void {
    let most = 1; // the empty one stays
    for (let i = 2; i < this.#corpus.length; i++)
      if (this.#corpus[i]!.uses > this.#corpus[most]!.uses) most = i;
    this.#corpus.splice(most, 1);
  }

  /** The constraints of the next execution: those of a kept abstract schedule, mutated. */
  next(source: RandomSource): Constraint[] {
    this.#lastWriter.clear();
    this.#pairs.clear();
    this.#set = 0;
    this.#newPair = false;
    this.#current = this.#mutated(source);
    return this.#current.map((c) => ({ ...c, written: c.write === initial }));
  }

  #mutated(source: RandomSource): readonly Constraint[] {
    if (this.#read.length === 0) return [];
    let parent = this.#corpus[source.below(this.#corpus.length)]!;
    const other = this.#corpus[source.below(this.#corpus.length)]!;
    if (other.uses < parent.uses) parent = other;
    parent.uses++;
    const list = [...parent.constraints];
    const at = source.below(list.length + 1);
    const what = source.below(8);
    if (list.length === 0 || (what < 4 && list.length < mostConstraints)) list.push(this.#constraint(source));
    else if (what < 6) list[at % list.length] = this.#constraint(source);
    else if (what === 6) {
      const old = list[at % list.length]!;
      list[at % list.length] = { ...old, positive: !old.positive };
    } else list.splice(at % list.length, 1);
    return list;
  }

  #constraint(source: RandomSource): Constraint {
    const known = this.#read[source.below(this.#read.length)]!;
    const write = known.writes[source.below(known.writes.length)]!;
    const read = known.reads[source.below(known.reads.length)]!;
    return { positive: source.below(4) > 0, cell: known.cell, write, read, written: false };
  }
}
