import type { Codec } from '../codec.ts';
import type { ThreadLocalKey, ThreadStorage } from './thread-storage.ts';

/**
 * A variable with a value for each thread, in a ThreadStorage. One thread creates it, which reserves its key; the others
 * attach by that key, each with its own handle of the storage.
 *
 * It is not set until the thread sets it, and again after the thread's id was released: 0 is a value like any other.
 * Bounds are checked when a handle is made, so no key reaches into another thread's slots or another variable.
 *
 * Cost: no atomic operation, once the handle has been used; a slot is read and written by its own thread only.
 */
export class ThreadLocal<T> {
  /** What to send to other threads. */
  readonly key: ThreadLocalKey;
  readonly #storage: ThreadStorage;
  readonly #codec: Codec<T>;
  /** The words of one value, so that a codec that throws leaves the slot as it was. */
  readonly #value: Int32Array;
  #allocated: boolean;

  private constructor(storage: ThreadStorage, key: ThreadLocalKey, codec: Codec<T>, allocated: boolean) {
    storage.checkKeyShape(key);
    if (codec.words !== key.words) {
      throw new TypeError(
        `the key at offset ${key.offset} is for values of ${key.words} words, but ${codec.name} has ${codec.words}: ` +
          'attach with the codec that it was created with',
      );
    }
    this.key = { offset: key.offset, words: key.words };
    this.#storage = storage;
    this.#codec = codec;
    this.#value = new Int32Array(codec.words);
    this.#allocated = allocated;
  }

  /**
   * A new variable, set in no thread.
   *
   * @throws RangeError when the codec's words are no integer from 1 on
   * @throws OutOfMemoryError when the storage has no space left for it
   * @throws NotCreatedError when nobody created the storage
   */
  static create<T>(storage: ThreadStorage, codec: Codec<T>): ThreadLocal<T> {
    return new ThreadLocal(storage, storage.allocateKey(codec.words), codec, true);
  }

  /**
   * The variable that another thread created. Touches no cell.
   *
   * @throws BoundsError when the key is not in the storage
   * @throws TypeError when the codec is for values of another size
   */
  static attach<T>(storage: ThreadStorage, key: ThreadLocalKey, codec: Codec<T>): ThreadLocal<T> {
    return new ThreadLocal(storage, key, codec, false);
  }

  /**
   * This thread's value; undefined when it has not set one.
   *
   * @throws NotCreatedError when this thread has claimed no id, or nobody allocated the key
   */
  get(): T | undefined {
    const slot = this.#slot();
    const { view } = this.#storage;
    if (view[slot] === 0) return undefined;
    for (let word = 0; word < this.#value.length; word += 1) this.#value[word] = view[slot + 1 + word]!; // in the row
    return this.#codec.read(this.#value, 0);
  }

  /**
   * Sets this thread's value.
   *
   * @throws TypeError, RangeError when the value is none of the codec's; the value stays as it was
   * @throws NotCreatedError as {@link ThreadLocal.get}
   */
  set(value: T): void {
    const slot = this.#slot();
    const { view } = this.#storage;
    this.#codec.write(this.#value, 0, value);
    for (let word = 0; word < this.#value.length; word += 1) view[slot + 1 + word] = this.#value[word]!; // its length
    view[slot] = 1;
  }

  /** Whether this thread has set a value. Throws NotCreatedError as {@link ThreadLocal.get}. */
  has(): boolean {
    return this.#storage.view[this.#slot()] !== 0;
  }

  /** Unsets this thread's value; says whether there was one. Throws NotCreatedError as {@link ThreadLocal.get}. */
  delete(): boolean {
    const slot = this.#slot();
    const { view } = this.#storage;
    const had = view[slot] !== 0;
    view.fill(0, slot, slot + 1 + this.key.words);
    return had;
  }

  #slot(): number {
    if (!this.#allocated) {
      this.#storage.checkKeyAllocated(this.key);
      this.#allocated = true;
    }
    return this.#storage.row() + this.key.offset;
  }
}
