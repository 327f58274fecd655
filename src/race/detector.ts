/**
 * Data races by vector clocks: FastTrack (Flanagan and Freund, PLDI 2009), with the order of ECMA-262's memory model (section 29).
 *
 * An atomic load comes after the atomic store that it reads from, so a store *replaces* the clock of its cell, a load joins it, and a
 * read-modify-write does both; a failed compare-exchange is a load. Visits to a waiter list (wait, notify, wake-up) are ordered among
 * themselves. What `setup` did comes before every thread. Races: a plain access and any other, or two atomic ones of different widths, that
 * overlap, of which one writes, and neither comes before the other.
 *
 * Departures: atomic accesses to a cell are not ordered among themselves, so each thread's last is kept beside FastTrack's epochs. Steps are only
 * written down until the first plain access of an execution; a program without plain accesses pays for the notes alone.
 */
import { ACQUIRE, BOTH, type Race, RELEASE, type Role, VISIT, WAITED } from './race.ts';

/** Numbers a note: thread and role, buffer, offset, length, site, step. */
const noteSize = 6;

/** The last access of each thread, where it is kept by thread. A clock of 0 is none. */
class Marks {
  readonly clocks: Int32Array;
  readonly sites: Int32Array;
  readonly steps: Int32Array;
  used = false;

  constructor(threads: number) {
    this.clocks = new Int32Array(threads);
    this.sites = new Int32Array(threads);
    this.steps = new Int32Array(threads);
  }

  put(thread: number, clock: number, site: number, step: number): void {
    this.clocks[thread] = clock;
    this.sites[thread] = site;
    this.steps[thread] = step;
    this.used = true;
  }

  clear(): void {
    if (!this.used) return;
    this.used = false;
    this.clocks.fill(0);
  }
}

/** What is known of one range of bytes. */
class Cell {
  readonly byteOffset: number;
  readonly byteLength: number;
  /** The execution that it is about. */
  execution = -1;
  /** Clock of the last atomic write, and of the waiter list; all 0 where there is none. */
  readonly released: Int32Array;
  readonly list: Int32Array;
  readonly atomicReads: Marks;
  readonly atomicWrites: Marks;
  /** The last plain write: its epoch. Those before it came before it, or there was a race. */
  writer = -1;
  writeClock = 0;
  writeSite = -1;
  writeStep = -1;
  /** The plain reads since then: one epoch while each comes after the one before, else by thread. */
  reader = -1;
  readClock = 0;
  readSite = -1;
  readStep = -1;
  readonly reads: Marks;

  constructor(byteOffset: number, byteLength: number, threads: number) {
    this.byteOffset = byteOffset;
    this.byteLength = byteLength;
    this.released = new Int32Array(threads);
    this.list = new Int32Array(threads);
    this.atomicReads = new Marks(threads);
    this.atomicWrites = new Marks(threads);
    this.reads = new Marks(threads);
  }

  renew(execution: number): void {
    this.execution = execution;
    this.released.fill(0);
    this.list.fill(0);
    this.atomicReads.clear();
    this.atomicWrites.clear();
    this.reads.clear();
    this.writer = -1;
    this.reader = -1;
  }
}

export class RaceDetector {
  /** The first race of the execution. */
  race: Race | undefined;
  readonly #threads: number;
  /** Row t: the clock of thread t. */
  readonly #clocks: Int32Array[] = [];
  /** By buffer, by word of eight bytes: the ranges met there. They stay between executions; a range says to which it belongs. */
  readonly #buffers = new Map<number, Map<number, Cell[]>>();
  #notes: Int32Array = new Int32Array(64 * noteSize);
  #noted = 0;
  #execution = 0;
  /** Whether the execution has made a plain access. */
  #watching = false;
  #lastBuffer = -1;
  #lastWords: Map<number, Cell[]> = new Map();
  /** The access that is looked at: one record for all, so that only a race allocates. */
  readonly #now = {
    thread: 0,
    write: false,
    atomic: false,
    buffer: 0,
    byteOffset: 0,
    byteLength: 0,
    site: -1,
    step: 0,
  };

  constructor(threads: number) {
    this.#threads = threads;
    for (let t = 0; t < threads; t++) {
      const clock = new Int32Array(threads);
      clock[t] = 1;
      this.#clocks.push(clock);
    }
  }

  /** An execution begins. */
  begin(): void {
    this.race = undefined;
    this.#noted = 0;
    if (!this.#watching) return;
    this.#watching = false;
    this.#execution++;
    for (const [t, clock] of this.#clocks.entries()) {
      clock.fill(0);
      clock[t] = 1;
    }
  }

  /** A step on a cell was performed. */
  step(
    thread: number,
    role: Role,
    buffer: number,
    byteOffset: number,
    byteLength: number,
    site: number,
    step: number,
  ): void {
    let i = this.#noted;
    if (i + noteSize > this.#notes.length) this.#grow();
    const notes = this.#notes;
    notes[i++] = (thread << 3) | role;
    notes[i++] = buffer;
    notes[i++] = byteOffset;
    notes[i++] = byteLength;
    notes[i++] = site;
    notes[i++] = step;
    this.#noted = i;
    if (this.#watching) this.#readNotes();
  }

  /** Thread reads or writes bytes without `Atomics`. */
  access(
    thread: number,
    write: boolean,
    buffer: number,
    byteOffset: number,
    byteLength: number,
    site: number,
    step: number,
  ): void {
    this.#watching = true;
    this.#readNotes();
    const cell = this.#cell(buffer, byteOffset, byteLength);
    const clock = this.#clocks[thread]!;
    const now = clock[thread]!;
    // The same epoch again: what came before was looked at then.
    if (write ? cell.writer === thread && cell.writeClock === now : this.#hasRead(cell, thread, now)) return;
    this.#check(thread, write, false, buffer, byteOffset, byteLength, site, step);
    if (write) {
      cell.writer = thread;
      cell.writeClock = now;
      cell.writeSite = site;
      cell.writeStep = step;
      cell.reader = -1;
      cell.reads.clear();
      // A load that reads what is written here reads from no atomic store.
      cell.released.fill(0);
    } else this.#noteRead(cell, thread, clock, site, step);
  }

  #hasRead(cell: Cell, thread: number, now: number): boolean {
    return cell.reads.used
      ? cell.reads.clocks[thread] === now
      : cell.reader === thread && cell.readClock === now;
  }

  #noteRead(cell: Cell, thread: number, clock: Int32Array, site: number, step: number): void {
    const { reader, reads } = cell;
    if (!reads.used && (reader === -1 || cell.readClock <= clock[reader]!)) {
      cell.reader = thread;
      cell.readClock = clock[thread]!;
      cell.readSite = site;
      cell.readStep = step;
      return;
    }
    if (!reads.used) reads.put(reader, cell.readClock, cell.readSite, cell.readStep);
    reads.put(thread, clock[thread]!, site, step);
  }

  #readNotes(): void {
    const notes = this.#notes;
    for (let i = 0; i < this.#noted; i += noteSize) {
      const head = notes[i]!;
      this.#order(
        head >> 3,
        head & 7,
        notes[i + 1]!,
        notes[i + 2]!,
        notes[i + 3]!,
        notes[i + 4]!,
        notes[i + 5]!,
      );
    }
    this.#noted = 0;
  }

  #order(
    thread: number,
    role: Role,
    buffer: number,
    byteOffset: number,
    byteLength: number,
    site: number,
    step: number,
  ): void {
    const clock = this.#clocks[thread]!;
    const cell = this.#cell(buffer, byteOffset, byteLength);
    if (role !== VISIT) {
      const write = role === RELEASE || role === BOTH;
      this.#check(thread, write, true, buffer, byteOffset, byteLength, site, step);
      if (role !== RELEASE) join(clock, cell.released);
      (write ? cell.atomicWrites : cell.atomicReads).put(thread, clock[thread]!, site, step);
      if (write) cell.released.set(clock);
    }
    if (role === VISIT || role === WAITED) {
      join(clock, cell.list);
      cell.list.set(clock);
    }
    if (role !== ACQUIRE) clock[thread]!++;
  }

  /** Compares an access with all before it that overlap. */
  #check(
    thread: number,
    write: boolean,
    atomic: boolean,
    buffer: number,
    byteOffset: number,
    byteLength: number,
    site: number,
    step: number,
  ): void {
    const now = this.#now;
    now.thread = thread;
    now.write = write;
    now.atomic = atomic;
    now.buffer = buffer;
    now.byteOffset = byteOffset;
    now.byteLength = byteLength;
    now.site = site;
    now.step = step;
    const clock = this.#clocks[thread]!;
    const words = this.#wordsOf(buffer);
    const end = (byteOffset + byteLength - 1) >> 3;
    for (let word = byteOffset >> 3; word <= end; word++) {
      const cells = words.get(word);
      if (cells === undefined) continue;
      for (const cell of cells)
        if (
          cell.execution === this.#execution &&
          cell.byteOffset < byteOffset + byteLength &&
          byteOffset < cell.byteOffset + cell.byteLength
        )
          this.#compare(cell, clock);
    }
  }

  #compare(cell: Cell, clock: Int32Array): void {
    const { writer, reader } = cell;
    const { write, atomic, byteOffset, byteLength } = this.#now;
    if (writer !== -1 && cell.writeClock > clock[writer]!)
      this.#found(cell, writer, cell.writeStep, cell.writeSite, true, false);
    if (write && cell.reads.used) this.#compareMarks(cell, cell.reads, clock, false, false);
    else if (write && reader !== -1 && cell.readClock > clock[reader]!)
      this.#found(cell, reader, cell.readStep, cell.readSite, false, false);
    if (atomic && cell.byteOffset === byteOffset && cell.byteLength === byteLength) return;
    if (cell.atomicWrites.used) this.#compareMarks(cell, cell.atomicWrites, clock, true, true);
    if (write && cell.atomicReads.used) this.#compareMarks(cell, cell.atomicReads, clock, false, true);
  }

  #compareMarks(cell: Cell, marks: Marks, clock: Int32Array, write: boolean, atomic: boolean): void {
    const { clocks } = marks;
    for (let t = 0; t < clock.length; t++)
      if (clocks[t]! > clock[t]!) {
        this.#found(cell, t, marks.steps[t]!, marks.sites[t]!, write, atomic);
        return;
      }
  }

  #found(cell: Cell, thread: number, step: number, site: number, write: boolean, atomic: boolean): void {
    const { buffer, ...second } = this.#now;
    const { byteOffset, byteLength } = cell;
    this.race ??= {
      buffer,
      first: { thread, step, site, write, atomic, byteOffset, byteLength },
      second,
    };
  }

  #wordsOf(buffer: number): Map<number, Cell[]> {
    if (buffer === this.#lastBuffer) return this.#lastWords;
    let words = this.#buffers.get(buffer);
    if (words === undefined) {
      words = new Map();
      this.#buffers.set(buffer, words);
    }
    this.#lastBuffer = buffer;
    this.#lastWords = words;
    return words;
  }

  /** A range is listed under every word that it touches. */
  #cell(buffer: number, byteOffset: number, byteLength: number): Cell {
    const words = this.#wordsOf(buffer);
    const known = words.get(byteOffset >> 3);
    if (known !== undefined)
      for (const cell of known)
        if (cell.byteOffset === byteOffset && cell.byteLength === byteLength) {
          if (cell.execution !== this.#execution) cell.renew(this.#execution);
          return cell;
        }
    const cell = new Cell(byteOffset, byteLength, this.#threads);
    cell.renew(this.#execution);
    for (let word = byteOffset >> 3; word <= (byteOffset + byteLength - 1) >> 3; word++) {
      const list = words.get(word);
      if (list === undefined) words.set(word, [cell]);
      else list.push(cell);
    }
    return cell;
  }

  #grow(): void {
    const longer = new Int32Array(this.#notes.length * 2);
    longer.set(this.#notes);
    this.#notes = longer;
  }
}

function join(clock: Int32Array, other: Int32Array): void {
  for (let t = 0; t < clock.length; t++) if (other[t]! > clock[t]!) clock[t] = other[t]!;
}
