/** A queue in one thread: first in, first out. Array.shift moves all that is behind, which is quadratic from some ten thousand on. */
export class Fifo<T> {
  #items: T[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  /** The one that is next, or undefined. */
  get first(): T | undefined {
    return this.#items[this.#head];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const { first } = this;
    if (this.#head < this.#items.length) this.#head += 1;
    // Each item is moved once at most, on average.
    if (this.#head > 1024 && 2 * this.#head > this.#items.length) this.#drop();
    return first;
  }

  /** Takes out all that there is. */
  clear(): T[] {
    this.#drop();
    return this.#items.splice(0);
  }

  #drop(): void {
    this.#items = this.#items.slice(this.#head);
    this.#head = 0;
  }
}
