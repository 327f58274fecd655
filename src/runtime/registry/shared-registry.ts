/**
 * A registry in shared memory: records under small keys, read without a lock, each commit a new version of the whole.
 *
 * Copy on write with a validated read: a writer copies the current snapshot into a slot of its own, changes it there and swings the
 * head by compare and exchange; a reader copies out of the current slot and takes the copy only if the head is still the same.
 * Sources: Herlihy, "A methodology for implementing highly concurrent data objects", TOPLAS 1993 (copy, change, swing); Lameter,
 * "Effective synchronization on Linux/NUMA systems", 2005 (sequence counters). Departure from both: the writer that succeeds gets the
 * old slot for its next write, so slots are never allocated, freed or searched for.
 */
import { checkInt32Cells } from '../cell.ts';
import type { Codec } from '../codec.ts';
import { BoundsError, ClosedError, NotCreatedError, ReentryError, TooManyThreadsError } from '../errors.ts';
import { checkLine, wholeLines } from '../line.ts';

// Cells from the index on, in lines:
//   0 shape      keys, words of a record, writers; constant after create
//  16 head       one BigInt64 { version: 48 bits, slot: 16 bits }: which slot is the current snapshot
//  32 places     for each writer { taken: 0 or 1, spare: the slot that is its own }
//   . accesses   for each key how often it was read
//   . slots      writers + 1 snapshots: for each key { present: 0 or 1, record: words of the codec }
// Invariant: the current slot and the spares of all places are the slots 0 to writers, each once. (A writer that has swung the head has
// for a moment the old slot in hand, and its own written down as spare: nobody but itself reads that cell.)
const HEAD = 16;
const PLACES = 32;
const TAKEN = 0;
const SPARE = 1;
const SLOT_BITS = 16n;
const SLOT_MASK = (1n << SLOT_BITS) - 1n;
const DEFAULT_WRITERS = 16;
const MAXIMUM_WRITERS = 1024;
const MAXIMUM_KEYS = 2 ** 20;

/** The shape of a new registry. */
export interface SharedRegistryOptions {
  /** Keys are the integers from 0 to below this. */
  readonly keys: number;
  /** Most handles that write; 16 by default. Each costs one snapshot of memory. Readers are not counted. */
  readonly writers?: number;
}

/** What other threads attach by: a plain object that structured clone carries over. */
export interface SharedRegistryHandle {
  readonly view: Int32Array<SharedArrayBuffer>;
  readonly index: number;
  readonly keys: number;
  readonly writers: number;
  /** Int32 words of a record. */
  readonly words: number;
}

/** All records at one moment. */
export interface RegistrySnapshot<T> {
  /** Commits since create. */
  readonly version: number;
  /** By key; undefined where there is none. */
  readonly records: readonly (T | undefined)[];
}

/** A snapshot that is being changed, for the time of one `change`. */
export interface RegistryDraft<T> {
  get(key: number): T | undefined;
  set(key: number, value: T): void;
  /** Says whether there was a record. */
  delete(key: number): boolean;
}

/**
 * Records of a codec under the keys 0 to `keys - 1`. Reads take no lock and block nobody: one runs again only if somebody committed
 * meanwhile. Writes neither: of writers that meet, one succeeds and the others run again on what it wrote, so no committed write is
 * lost. Every read sees one whole version. The object is one thread's handle.
 *
 * Cost: a read is two BigInt64 loads, an atomic load for each word of the record and one addition (the access count). A write copies all
 * records: `keys * (1 + words)` loads and stores. So: many reads, few writes.
 *
 * A thread that dies inside a write changes nothing and hinders nobody; its place among the writers stays taken.
 */
export class SharedRegistry<T> {
  readonly #view: Int32Array<SharedArrayBuffer>;
  readonly #heads: BigInt64Array<SharedArrayBuffer>;
  readonly #index: number;
  readonly #keys: number;
  readonly #writers: number;
  readonly #codec: Codec<T>;
  /** Cells from the first one of the registry on. */
  readonly #accesses: number;
  readonly #slots: number;
  readonly #slotCells: number;
  /** The words of one record, this handle's own: codecs run on it. */
  readonly #record: Int32Array;
  /** Cell of this writer's place, or -1. */
  #place = -1;
  #writing = false;
  #created = false;

  private constructor({ view, index, keys, writers, words }: SharedRegistryHandle, codec: Codec<T>) {
    checkCount('keys', keys, MAXIMUM_KEYS);
    checkCount('writers', writers, MAXIMUM_WRITERS);
    checkInt32Cells(view, index, SharedRegistry.cells({ keys, writers }, codec), 'a SharedRegistry');
    checkLine(view, index, 'a SharedRegistry');
    if (codec.words !== words) {
      throw new TypeError(
        `the records of the SharedRegistry at index ${index} have ${words} words, but ${codec.name} has ${codec.words}: ` +
          'attach with the codec that it was created with',
      );
    }
    this.#view = view;
    this.#heads = new BigInt64Array(view.buffer, view.byteOffset + 4 * (index + HEAD), 1);
    this.#index = index;
    this.#keys = keys;
    this.#writers = writers;
    this.#codec = codec;
    this.#accesses = index + PLACES + wholeLines(2 * writers);
    this.#slots = this.#accesses + wholeLines(keys);
    this.#slotCells = wholeLines(keys * (1 + words));
    this.#record = new Int32Array(words);
  }

  /** Int32 cells that a registry takes: whole lines. */
  static cells({ keys, writers = DEFAULT_WRITERS }: SharedRegistryOptions, codec: Codec<unknown>): number {
    const slot = wholeLines(keys * (1 + codec.words));
    return PLACES + wholeLines(2 * writers) + wholeLines(keys) + (writers + 1) * slot;
  }

  /**
   * Makes `SharedRegistry.cells(options, codec)` cells from `index` on an empty registry of version 0. One thread creates; the others
   * attach.
   *
   * @throws RangeError when keys are no integer from 1 to 2^20, or writers none from 1 to 1,024
   * @throws TypeError when the view is no Int32Array over shared memory
   * @throws BoundsError when the cells leave the view
   * @throws AlignmentError when the first cell does not begin a cache line
   */
  static create<T>(
    view: Int32Array<SharedArrayBuffer>,
    index: number,
    options: SharedRegistryOptions,
    codec: Codec<T>,
  ): SharedRegistry<T> {
    const { keys, writers = DEFAULT_WRITERS } = options;
    const registry = new SharedRegistry({ view, index, keys, writers, words: codec.words }, codec);
    view.fill(0, index, index + SharedRegistry.cells(options, codec));
    for (let writer = 0; writer < writers; writer += 1) {
      view[index + PLACES + 2 * writer + SPARE] = writer + 1;
    }
    view[index + 1] = codec.words;
    view[index + 2] = writers;
    Atomics.store(view, index, keys);
    return registry;
  }

  /** This thread's handle on a registry that was created elsewhere. Touches no cell. Throws as `create`; TypeError for another codec. */
  static attach<T>(handle: SharedRegistryHandle, codec: Codec<T>): SharedRegistry<T> {
    return new SharedRegistry(handle, codec);
  }

  /** What to send to other threads. */
  get handle(): SharedRegistryHandle {
    return {
      view: this.#view,
      index: this.#index,
      keys: this.#keys,
      writers: this.#writers,
      words: this.#record.length,
    };
  }

  /**
   * The record under a key; undefined when there is none. Counts as one access.
   *
   * @throws BoundsError when it is no key of this registry
   * @throws NotCreatedError when nobody created a registry there
   */
  get(key: number): T | undefined {
    this.#check(key);
    let present: boolean;
    let head: bigint;
    do {
      // Partner: the compareExchange of a commit, of which this read then sees all.
      head = Atomics.load(this.#heads, 0);
      present = this.#load(this.#slotOf(head) + key * (1 + this.#record.length));
      // The same head, which never comes again (48 bits of version): no writer has had this slot meanwhile.
    } while (Atomics.load(this.#heads, 0) !== head);
    Atomics.add(this.#view, this.#accesses + key, 1);
    return present ? this.#codec.read(this.#record, 0) : undefined;
  }

  /** Puts a record under a key. Returns the version that has it. Throws as {@link SharedRegistry.change}, and what the codec throws. */
  set(key: number, value: T): number {
    this.#check(key);
    return this.#commit((draft) => draft.set(key, value)).version;
  }

  /** Removes the record under a key; says whether there was one. Throws as {@link SharedRegistry.change}. */
  delete(key: number): boolean {
    this.#check(key);
    return this.#commit((draft) => draft.delete(key)).result;
  }

  /**
   * Puts what `compute` makes of the present record (undefined when there is none) in its place, and returns it.
   *
   * @param compute runs again when another writer came first: it should do nothing else
   * @throws what `compute` throws; nothing is changed then. Otherwise as {@link SharedRegistry.change}
   */
  update(key: number, compute: (present: T | undefined) => T): T {
    this.#check(key);
    return this.#commit((draft) => {
      const value = compute(draft.get(key));
      draft.set(key, value);
      return value;
    }).result;
  }

  /**
   * Changes any number of records in one commit: everybody sees all of it or nothing. Returns what `write` returned.
   *
   * @param write gets a draft of the latest version; runs again when another writer came first, so it should do nothing else
   * @throws what `write` throws; nothing is changed then
   * @throws BoundsError when the draft is asked for what is no key; ClosedError when it is used after the write
   * @throws TooManyThreadsError when this handle has not written yet, and as many others have as the registry has writers
   * @throws ReentryError when `write` itself writes by this handle
   * @throws NotCreatedError when nobody created a registry there
   */
  change<R>(write: (draft: RegistryDraft<T>) => R): R {
    this.#checkCreated();
    return this.#commit(write).result;
  }

  /** All records of one version. Counts as no access. @throws NotCreatedError when nobody created a registry there */
  snapshot(): RegistrySnapshot<T> {
    this.#checkCreated();
    const words = new Int32Array(this.#slotCells);
    for (;;) {
      // Partners as in get.
      const head = Atomics.load(this.#heads, 0);
      const slot = this.#slotOf(head);
      for (let cell = 0; cell < this.#keys * (1 + this.#record.length); cell += 1) {
        words[cell] = Atomics.load(this.#view, slot + cell);
      }
      if (Atomics.load(this.#heads, 0) !== head) continue;
      const records = Array.from({ length: this.#keys }, (_, key) => {
        const at = key * (1 + this.#record.length);
        return words[at] === 0 ? undefined : this.#codec.read(words, at + 1);
      });
      return { version: versionOf(head), records };
    }
  }

  /** Commits since create. One load. @throws NotCreatedError when nobody created a registry there */
  version(): number {
    this.#checkCreated();
    return versionOf(Atomics.load(this.#heads, 0));
  }

  /** How often `get` has read a key, exactly; modulo 2^32. One load. Throws as {@link SharedRegistry.get}. */
  accesses(key: number): number {
    this.#check(key);
    return Atomics.load(this.#view, this.#accesses + key) >>> 0;
  }

  /** Gives this handle's place among the writers back; the next write takes one again. Nothing when it has none. */
  release(): void {
    if (this.#place < 0) return;
    if (this.#writing) throw this.#reentry();
    const place = this.#place;
    this.#place = -1;
    // Partner: the compareExchange in #takePlace, after which another writer reads the spare.
    Atomics.store(this.#view, place + TAKEN, 0);
  }

  #commit<R>(write: (draft: RegistryDraft<T>) => R): { version: number; result: R } {
    if (this.#writing) throw this.#reentry();
    if (this.#place < 0) this.#takePlace();
    this.#writing = true;
    try {
      const spare = this.#view[this.#place + SPARE]!; // this handle's own cell, inside the view
      const target = this.#slots + spare * this.#slotCells;
      for (;;) {
        const head = Atomics.load(this.#heads, 0);
        if (!this.#copy(head, target)) continue;
        const draft = this.#draft(target);
        const result = write(draft);
        draft.end();
        const next = (((head >> SLOT_BITS) + 1n) << SLOT_BITS) | BigInt(spare);
        // Partner: the loads of the head. Only now does anybody look at the target; only a head that is still the same is replaced,
        // so what another writer committed meanwhile is never lost.
        if (Atomics.compareExchange(this.#heads, 0, head, next) !== head) continue;
        this.#view[this.#place + SPARE] = Number(head & SLOT_MASK);
        return { version: versionOf(next), result };
      }
    } finally {
      this.#writing = false;
    }
  }

  /** Copies the snapshot of a head; says whether the copy is whole. */
  #copy(head: bigint, target: number): boolean {
    const source = this.#slotOf(head);
    for (let cell = 0; cell < this.#keys * (1 + this.#record.length); cell += 1) {
      // Stored atomically too: a reader that was held up may still be reading the target, and throws its copy away.
      Atomics.store(this.#view, target + cell, Atomics.load(this.#view, source + cell));
    }
    return Atomics.load(this.#heads, 0) === head;
  }

  #draft(target: number): RegistryDraft<T> & { end(): void } {
    let open = true;
    const cellOf = (key: number): number => {
      if (!open) {
        throw new ClosedError(
          'a draft of a SharedRegistry is used after its write has ended: begin another change',
        );
      }
      this.#checkKey(key);
      return target + key * (1 + this.#record.length);
    };
    return {
      get: (key) => (this.#load(cellOf(key)) ? this.#codec.read(this.#record, 0) : undefined),
      set: (key, value) => {
        const cell = cellOf(key);
        this.#codec.write(this.#record, 0, value);
        Atomics.store(this.#view, cell, 1);
        for (let word = 0; word < this.#record.length; word += 1) {
          Atomics.store(this.#view, cell + 1 + word, this.#record[word]!); // in range
        }
      },
      delete: (key) => {
        const cell = cellOf(key);
        return Atomics.exchange(this.#view, cell, 0) === 1;
      },
      end: () => {
        open = false;
      },
    };
  }

  /** Reads the record at a cell into `#record`; says whether there is one. */
  #load(cell: number): boolean {
    const present = Atomics.load(this.#view, cell) === 1;
    for (let word = 0; word < this.#record.length; word += 1) {
      this.#record[word] = Atomics.load(this.#view, cell + 1 + word);
    }
    return present;
  }

  /** Places only fill up while nobody releases: who finds all taken has seen each of them taken. */
  #takePlace(): void {
    for (let writer = 0; writer < this.#writers; writer += 1) {
      const place = this.#index + PLACES + 2 * writer;
      // Partner: the store in release.
      if (Atomics.compareExchange(this.#view, place + TAKEN, 0, 1) === 0) {
        this.#place = place;
        return;
      }
    }
    throw new TooManyThreadsError(
      `all ${this.#writers} writers of the SharedRegistry at index ${this.#index} are taken: ` +
        'release() a handle that writes no more, or create the registry with more writers',
    );
  }

  #slotOf(head: bigint): number {
    return this.#slots + Number(head & SLOT_MASK) * this.#slotCells;
  }

  #check(key: number): void {
    this.#checkCreated();
    this.#checkKey(key);
  }

  #checkKey(key: number): void {
    if (Number.isInteger(key) && key >= 0 && key < this.#keys) return;
    throw new BoundsError(
      `a key of this SharedRegistry is an integer from 0 to ${this.#keys - 1}, got ${key}`,
    );
  }

  #checkCreated(): void {
    if (this.#created) return;
    // Partner: the store in create.
    const found = Atomics.load(this.#view, this.#index);
    const shape = [this.#view[this.#index + 1], this.#view[this.#index + 2]];
    if (found === this.#keys && shape[0] === this.#record.length && shape[1] === this.#writers) {
      this.#created = true;
      return;
    }
    throw new NotCreatedError(
      `there is no SharedRegistry of ${this.#keys} keys and ${this.#writers} writers at index ${this.#index} (found: ${found} keys): ` +
        'one thread must create it first, and the others attach by its handle',
    );
  }

  #reentry(): ReentryError {
    return new ReentryError(
      `a write of the SharedRegistry at index ${this.#index} is going on by this handle: change what you want by its draft`,
    );
  }
}

function versionOf(head: bigint): number {
  return Number(head >> SLOT_BITS);
}

function checkCount(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new RangeError(`${name} of a SharedRegistry is an integer from 1 to ${most}, got ${value}`);
}
