/**
 * A barrier as it is often written, with a fault: a thread reads the generation after it has counted itself in. No import of
 * threadproof: `npx threadproof explore examples/barrier.ts` finds the schedule under which it hangs.
 */
class Barrier {
  readonly #words: Int32Array;
  readonly #parties: number;

  constructor(words: Int32Array, parties: number) {
    this.#words = words;
    this.#parties = parties;
  }

  wait(): void {
    const arrived = Atomics.add(this.#words, 0, 1) + 1;
    if (arrived === this.#parties) {
      Atomics.store(this.#words, 0, 0);
      Atomics.add(this.#words, 1, 1);
      Atomics.notify(this.#words, 1);
      return;
    }
    const generation = Atomics.load(this.#words, 1);
    while (Atomics.load(this.#words, 1) === generation) Atomics.wait(this.#words, 1, generation);
  }
}

interface BarrierProgram {
  readonly threads: number;
  setup(): Int32Array;
  attach(words: Int32Array): Barrier;
  thread(id: number, barrier: Barrier): void;
}

const program: BarrierProgram = {
  threads: 2,
  setup: () => new Int32Array(new SharedArrayBuffer(8)),
  attach: (words) => new Barrier(words, 2),
  thread: (_id, barrier) => barrier.wait(),
};

export default program;
