/**
 * One thread waits for a word until the other has stored it. `npx threadproof explore examples/handover.ts --strategy exhaustive --coverage` says
 * what there is to cover, as little as can be told by hand.
 */
interface Handover {
  readonly threads: number;
  setup(): Int32Array;
  thread(id: number, word: Int32Array): number;
}

const program: Handover = {
  threads: 2,
  setup: () => new Int32Array(new SharedArrayBuffer(4)),
  thread(id, word) {
    if (id === 0) {
      Atomics.store(word, 0, 1);
      return Atomics.notify(word, 0);
    }
    Atomics.wait(word, 0, 0);
    return Atomics.load(word, 0);
  },
};

export default program;
