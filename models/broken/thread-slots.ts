/**
 * Thread-local storage as ThreadStorage and ThreadLocal, whose checks are methods for the broken ones to leave out. Sound as it stands, so that
 * each twin has one fault.
 */
import type { Codec } from '../../src/runtime/codec.ts';
import { NotCreatedError, OutOfMemoryError, RoleTakenError } from '../../src/runtime/errors.ts';
import type { ThreadLocalKey, ThreadStorageHandle } from '../../src/runtime/tls/thread-storage.ts';

// Cells from the index on: the cells that keys have taken; for each thread 1 while its row is in use; then the rows.
const CLAIMS = 1;

export abstract class ThreadSlots {
  readonly handle: ThreadStorageHandle;
  readonly view: Int32Array<SharedArrayBuffer>;
  #thread = -1;

  protected constructor(handle: ThreadStorageHandle) {
    this.handle = handle;
    this.view = handle.view;
  }

  claim(thread?: number): number {
    const first = thread ?? 0;
    const last = thread ?? this.handle.threads - 1;
    for (let id = first; id <= last && this.#thread < 0; id += 1) {
      if (Atomics.compareExchange(this.view, this.handle.index + CLAIMS + id, 0, 1) !== 0) continue;
      this.#thread = id;
      this.clearRow(this.row(), this.cells());
      return id;
    }
    throw new RoleTakenError('every thread id is in use, or this thread has one');
  }

  release(): void {
    if (this.#thread < 0) return;
    Atomics.store(this.view, this.handle.index + CLAIMS + this.#thread, 0);
    this.#thread = -1;
  }

  allocateKey(words: number): ThreadLocalKey {
    for (;;) {
      const offset = Atomics.load(this.view, this.handle.index);
      const end = offset + 1 + words;
      this.checkEnd(end);
      if (Atomics.compareExchange(this.view, this.handle.index, offset, end) === offset)
        return { offset, words };
    }
  }

  /** First cell of this thread's row. */
  row(): number {
    if (this.#thread < 0) throw new NotCreatedError('this thread has no id: claim one');
    return this.handle.index + CLAIMS + this.handle.threads + this.#thread * this.cells();
  }

  protected cells(): number {
    return this.handle.bytesPerThread / 4;
  }

  /** A row starts with nothing set. */
  protected clearRow(row: number, cells: number): void {
    this.view.fill(0, row, row + cells);
  }

  /** Keys stay inside a row. */
  protected checkEnd(end: number): void {
    if (end > this.cells()) throw new OutOfMemoryError('the rows are full', 4, 0, 0);
  }
}

/** A variable in the slots: { set, value ... } in each row. */
export class SlotVariable<T> {
  readonly key: ThreadLocalKey;
  readonly #slots: ThreadSlots;
  readonly #codec: Codec<T>;

  private constructor(slots: ThreadSlots, key: ThreadLocalKey, codec: Codec<T>) {
    this.key = key;
    this.#slots = slots;
    this.#codec = codec;
  }

  static create<T>(slots: ThreadSlots, codec: Codec<T>): SlotVariable<T> {
    return new SlotVariable(slots, slots.allocateKey(codec.words), codec);
  }

  static attach<T>(slots: ThreadSlots, key: ThreadLocalKey, codec: Codec<T>): SlotVariable<T> {
    return new SlotVariable(slots, key, codec);
  }

  get(): T | undefined {
    const slot = this.#slots.row() + this.key.offset;
    return this.#slots.view[slot] === 0 ? undefined : this.#codec.read(this.#slots.view, slot + 1);
  }

  set(value: T): void {
    const slot = this.#slots.row() + this.key.offset;
    this.#codec.write(this.#slots.view, slot + 1, value);
    this.#slots.view[slot] = 1;
  }

  has(): boolean {
    return this.#slots.view[this.#slots.row() + this.key.offset] !== 0;
  }

  delete(): boolean {
    const had = this.has();
    this.#slots.view[this.#slots.row() + this.key.offset] = 0;
    return had;
  }
}
