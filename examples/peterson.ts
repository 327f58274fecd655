/**
 * Peterson's lock: mutual exclusion of two threads by three plain words, without a compare-exchange. `npx threadproof explore
 * examples/peterson.ts --strategy exhaustive` goes through all of its behaviours.
 */
const wants: readonly number[] = [0, 1];
const turn = 2;
const counter = 3;

interface Peterson {
  readonly threads: number;
  setup(): Int32Array<SharedArrayBuffer>;
  thread(id: number, words: Int32Array<SharedArrayBuffer>): void;
  check(words: Int32Array<SharedArrayBuffer>): boolean;
}

const program: Peterson = {
  threads: 2,
  setup: () => new Int32Array(new SharedArrayBuffer(16)),
  thread(id, words) {
    const other = 1 - id;
    for (let i = 0; i < 2; i++) {
      Atomics.store(words, wants[id]!, 1);
      Atomics.store(words, turn, other);
      while (Atomics.load(words, wants[other]!) === 1 && Atomics.load(words, turn) === other);
      Atomics.store(words, counter, Atomics.load(words, counter) + 1);
      Atomics.store(words, wants[id]!, 0);
    }
  },
  check: (words) => words[counter] === 4,
};

export default program;
