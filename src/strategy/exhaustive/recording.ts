/**
 * The events of the execution that runs, with what happened before what (vector clocks) and the races among them. Events stay where the next execution
 * begins as this one did.
 */
import type { AtomicView, StepKind } from '../../instrument/step.ts';
import { WOKEN } from '../../instrument/step.ts';
import type { Footprint, Locations } from './footprint.ts';
import type { EventDetail, StepReader } from './step-reader.ts';

class RecordedEvent implements EventDetail {
  kind: StepKind = 0;
  view: AtomicView | undefined = undefined;
  offset = 0;
  found: unknown = undefined;
  a: unknown = undefined;
  b: unknown = undefined;
  queue: readonly number[] = [];
  compound = false;
}

/** Two events of different threads, dependent, with nothing between them that keeps their order. */
export interface Race {
  readonly first: number;
  /** The later event; -1 for the time-out of `thread` that did not come because `first` woke it. */
  readonly second: number;
  readonly thread: number;
  readonly footprint: Footprint;
}

export class Recording {
  readonly threads: number;
  length = 0;
  readonly thread: number[] = [];
  readonly footprint: Footprint[] = [];
  readonly races: Race[] = [];
  readonly #details: RecordedEvent[] = [];
  readonly #locations: Locations;
  /** Position among the events of its thread, from 1. */
  readonly #position: number[] = [];
  /** For each event a row: how many events of each thread happened before it, itself included. */
  #clocks: Int32Array;
  /** Index of the last event of each thread, -1 without. */
  readonly #last: Int32Array;
  /** For each location its last write and the reads since. */
  #writes: Int32Array = new Int32Array(64).fill(-1);
  readonly #reads: number[][] = [];
  readonly #candidates: number[] = [];

  constructor(locations: Locations, threads: number) {
    this.#locations = locations;
    this.threads = threads;
    this.#clocks = new Int32Array(64 * threads);
    this.#last = new Int32Array(threads);
  }

  /** Goes back to the first `length` events. */
  rewind(length: number): void {
    this.length = length;
    this.#last.fill(-1);
    this.#writes.fill(-1);
    for (const reads of this.#reads) if (reads.length > 0) reads.length = 0;
    for (let i = 0; i < length; i++) this.#note(i);
    let kept = 0;
    for (const race of this.races) if (Math.max(race.first, race.second) < length) this.races[kept++] = race;
    this.races.length = kept;
  }

  detail(event: number): EventDetail {
    return this.#details[event]!;
  }

  kind(event: number): StepKind {
    return this.#details[event]!.kind;
  }

  /** Whether event `a` happened before event `b`. */
  isBefore(a: number, b: number): boolean {
    return this.#clocks[b * this.threads + this.thread[a]!]! >= this.#position[a]!;
  }

  /** Appends the reader's event, and its races with those before it. */
  add(reader: StepReader): void {
    const i = this.length++;
    const { thread, footprint } = reader;
    const { threads } = this;
    this.thread[i] = thread;
    this.footprint[i] = footprint;
    this.#details[i] ??= new RecordedEvent();
    const detail = this.#details[i];
    detail.kind = reader.kind;
    if (footprint.length > 0) {
      detail.view = reader.view;
      detail.offset = reader.offset;
      detail.found = reader.found;
      detail.a = reader.a;
      detail.b = reader.b;
      detail.queue = reader.queue;
      detail.compound = reader.compound;
    }
    if ((i + 1) * threads > this.#clocks.length) this.#grow();
    const clocks = this.#clocks;
    const row = i * threads;
    const last = this.#last[thread]!;
    if (last === -1) clocks.fill(0, row, row + threads);
    else clocks.copyWithin(row, last * threads, (last + 1) * threads);
    const position = last === -1 ? 1 : this.#position[last]! + 1;
    this.#position[i] = position;
    clocks[row + thread] = position;
    if (footprint.length > 0) this.#join(i, row);
    this.#note(i);
    for (const sleeper of reader.wokeTimed) this.#missedTimeOut(i, reader, sleeper);
  }

  #missedTimeOut(i: number, reader: StepReader, sleeper: number): void {
    const queue = this.footprint[i]!.find((access) => access & 1 && access >> 1 >= this.threads)! >> 1; // the notify wrote it
    this.races.push({
      first: i,
      second: -1,
      thread: sleeper,
      footprint: reader.timeOutFootprint(queue, sleeper),
    });
  }

  /** Joins the clocks of all that event `i` depends on, latest first: what is not yet covered races with it. */
  #join(i: number, row: number): void {
    const candidates = this.#candidates;
    candidates.length = 0;
    const locations = this.#locations;
    for (const access of this.footprint[i]!) {
      const location = access >> 1;
      this.#gather(location, (access & 1) === 1);
      const others = locations.mixed ? locations.overlapping(location) : undefined;
      if (others !== undefined) for (const other of others) this.#gather(other, (access & 1) === 1);
    }
    if (candidates.length > 1) candidates.sort(descending);
    const { threads, thread } = this;
    const clocks = this.#clocks;
    for (const c of candidates) {
      const t = thread[c]!;
      if (clocks[row + t]! >= this.#position[c]!) continue;
      const other = c * threads;
      for (let k = 0; k < threads; k++)
        if (clocks[other + k]! > clocks[row + k]!) clocks[row + k] = clocks[other + k]!;
      if (this.#details[i]!.kind !== WOKEN)
        this.races.push({ first: c, second: i, thread: thread[i]!, footprint: this.footprint[i]! });
    }
  }

  #gather(location: number, write: boolean): void {
    const last = location < this.#writes.length ? this.#writes[location]! : -1;
    if (last !== -1) this.#candidates.push(last);
    const reads = this.#reads[location];
    if (write && reads !== undefined) for (const read of reads) this.#candidates.push(read);
  }

  /** Event `i` is the last of its thread and on its locations. */
  #note(i: number): void {
    this.#last[this.thread[i]!] = i;
    for (const access of this.footprint[i]!) {
      const location = access >> 1;
      while (location >= this.#writes.length) this.#growLocations();
      while (location >= this.#reads.length) this.#reads.push([]);
      const reads = this.#reads[location]!; // just filled
      if ((access & 1) === 0) reads.push(i);
      else {
        this.#writes[location] = i;
        if (reads.length > 0) reads.length = 0;
      }
    }
  }

  #grow(): void {
    const larger = new Int32Array(this.#clocks.length * 2);
    larger.set(this.#clocks);
    this.#clocks = larger;
  }

  #growLocations(): void {
    const larger = new Int32Array(this.#writes.length * 2).fill(-1);
    larger.set(this.#writes);
    this.#writes = larger;
  }
}

const descending = (a: number, b: number): number => b - a;
