/**
 * Two values, each behind a lock of its own, and a reader that trusts them to belong together. `npx threadproof explore examples/two-stage.ts`
 * finds the moment between the two critical sections.
 */
class Lock {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  lock(): void {
    while (Atomics.exchange(this.#words, this.#index, 1) !== 0) Atomics.wait(this.#words, this.#index, 1);
  }

  unlock(): void {
    Atomics.store(this.#words, this.#index, 0);
    Atomics.notify(this.#words, this.#index);
  }
}

interface TwoStages {
  readonly threads: number;
  setup(): Int32Array<SharedArrayBuffer>;
  thread(id: number, words: Int32Array<SharedArrayBuffer>): void;
}

const program: TwoStages = {
  threads: 2,
  setup: () => new Int32Array(new SharedArrayBuffer(16)),
  thread(id, words) {
    const first = new Lock(words, 2);
    const second = new Lock(words, 3);
    first.lock();
    const one = id === 0 ? Atomics.store(words, 0, 1) : Atomics.load(words, 0);
    first.unlock();
    if (one === 0) return;
    second.lock();
    const two = id === 0 ? Atomics.store(words, 1, one + 1) : Atomics.load(words, 1);
    second.unlock();
    if (two !== one + 1) throw new Error(`the reader saw ${one} and ${two}`);
  },
};

export default program;
