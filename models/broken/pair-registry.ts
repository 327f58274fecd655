/**
 * A registry of records of two words, as SharedRegistry is built but without its checks; its steps are methods, for the broken ones
 * to replace. Sound as it stands, so that each twin has one fault.
 */
import type { Codec } from '../../src/runtime/codec.ts';
import type { RegistryDraft } from '../../src/runtime/registry/shared-registry.ts';

// Cells: head { version, slot: 8 bits }; next writer; then for each writer its spare slot; for each key its accesses; then the slots, for
// each key { present, two words }. The handle of a thread is numbered when it first writes.
const HEAD = 0;
const WRITERS = 1;
const SPARES = 2;
const MOST_WRITERS = 5;
const RECORD = 3;

export interface PairRegistryHandle {
  readonly view: Int32Array<SharedArrayBuffer>;
  readonly keys: number;
}

export abstract class PairRegistry<T> {
  readonly handle: PairRegistryHandle;
  protected readonly view: Int32Array<SharedArrayBuffer>;
  readonly #keys: number;
  readonly #codec: Codec<T>;
  readonly #words = new Int32Array(2);
  #writer = -1;

  protected constructor(handle: PairRegistryHandle, codec: Codec<T>) {
    this.handle = handle;
    this.view = handle.view;
    this.#keys = handle.keys;
    this.#codec = codec;
  }

  /** Makes the cells, which are 0, an empty registry. */
  protected initialise(): void {
    for (let writer = 0; writer < MOST_WRITERS; writer += 1) this.view[SPARES + writer] = writer + 1;
  }

  get(key: number): T | undefined {
    let present: boolean;
    let head: number;
    do {
      head = Atomics.load(this.view, HEAD);
      present = this.#read(this.#slot(head & 255) + key * RECORD);
    } while (!this.isCurrent(head));
    this.count(SPARES + MOST_WRITERS + key);
    return present ? this.#codec.read(this.#words, 0) : undefined;
  }

  set(key: number, value: T): number {
    return this.#commit((draft) => draft.set(key, value)).version;
  }

  delete(key: number): boolean {
    return this.#commit((draft) => draft.delete(key)).result;
  }

  update(key: number, compute: (present: T | undefined) => T): T {
    return this.#commit((draft) => {
      const value = compute(draft.get(key));
      draft.set(key, value);
      return value;
    }).result;
  }

  change<R>(write: (draft: RegistryDraft<T>) => R): R {
    return this.#commit(write).result;
  }

  snapshot(): { version: number; records: (T | undefined)[] } {
    for (;;) {
      const head = Atomics.load(this.view, HEAD);
      const records: (T | undefined)[] = [];
      for (let key = 0; key < this.#keys; key += 1) {
        const present = this.#read(this.#slot(head & 255) + key * RECORD);
        records.push(present ? this.#codec.read(this.#words, 0) : undefined);
      }
      if (this.isCurrent(head)) return { version: head >> 8, records };
    }
  }

  version(): number {
    return Atomics.load(this.view, HEAD) >> 8;
  }

  accesses(key: number): number {
    return Atomics.load(this.view, SPARES + MOST_WRITERS + key);
  }

  /** Whether a head that was loaded is still the head. */
  protected isCurrent(head: number): boolean {
    return Atomics.load(this.view, HEAD) === head;
  }

  /** Puts the next head in the place of the one that was loaded; says whether it did. */
  protected swing(head: number, next: number): boolean {
    return Atomics.compareExchange(this.view, HEAD, head, next) === head;
  }

  /** Counts an access. */
  protected count(cell: number): void {
    Atomics.add(this.view, cell, 1);
  }

  #commit<R>(write: (draft: RegistryDraft<T>) => R): { version: number; result: R } {
    if (this.#writer < 0) this.#writer = Atomics.add(this.view, WRITERS, 1);
    const spare = this.view[SPARES + this.#writer]!; // this writer's own cell
    const target = this.#slot(spare);
    for (;;) {
      const head = Atomics.load(this.view, HEAD);
      const source = this.#slot(head & 255);
      for (let cell = 0; cell < this.#keys * RECORD; cell += 1) {
        Atomics.store(this.view, target + cell, Atomics.load(this.view, source + cell));
      }
      if (!this.isCurrent(head)) continue;
      const result = write(this.#draft(target));
      const version = (head >> 8) + 1;
      if (!this.swing(head, (version << 8) | spare)) continue;
      this.view[SPARES + this.#writer] = head & 255;
      return { version, result };
    }
  }

  #draft(target: number): RegistryDraft<T> {
    return {
      get: (key) => (this.#read(target + key * RECORD) ? this.#codec.read(this.#words, 0) : undefined),
      set: (key, value) => {
        const cell = target + key * RECORD;
        this.#codec.write(this.#words, 0, value);
        Atomics.store(this.view, cell, 1);
        Atomics.store(this.view, cell + 1, this.#words[0]!); // of two words
        Atomics.store(this.view, cell + 2, this.#words[1]!); // of two words
      },
      delete: (key) => Atomics.exchange(this.view, target + key * RECORD, 0) === 1,
    };
  }

  #read(cell: number): boolean {
    const present = Atomics.load(this.view, cell) === 1;
    this.#words[0] = Atomics.load(this.view, cell + 1);
    this.#words[1] = Atomics.load(this.view, cell + 2);
    return present;
  }

  #slot(slot: number): number {
    return SPARES + MOST_WRITERS + this.#keys * (1 + slot * RECORD);
  }
}
