/**
 * The programs of `bench effectiveness`: bugs that few of very many schedules show, from SCTBench (Thomson, Donaldson, Betts, PPoPP 2014) in
 * the sizes that the papers of RFF and SURW use. All threads start at once; shared accesses are Atomics.
 */
import type { Program } from '../src/engine/program.ts';
import { Mutex } from '../src/runtime/index.ts';

type Cells = Int32Array<SharedArrayBuffer>;

const cells = (count: number): Cells => new Int32Array(new SharedArrayBuffer(4 * count));

/** n - 1 threads store 1 and then -1 elsewhere; the last must find both stores of somebody done, or none. It does not: two reads are not one. */
export function reorder(n: number): Program<Cells, Cells, void> {
  return {
    name: `reorder_${n}`,
    threads: n,
    setup: () => cells(2),
    thread(id: number, view: Cells): void {
      if (id < n - 1) {
        Atomics.store(view, 0, 1);
        Atomics.store(view, 1, -1);
        return;
      }
      const a = Atomics.load(view, 0);
      const b = Atomics.load(view, 1);
      if (!((a === 0 && b === 0) || (a === 1 && b === -1))) throw new Error(`the checker saw ${a} and ${b}`);
    },
  };
}

/** Two locks: n - 1 writers update the first value under one and the second under the other; the reader can come between. */
export function twostage(n: number): Program<Cells, Cells, void> {
  return {
    name: `twostage_${n}`,
    threads: n,
    // The two values, and the words of the two locks on lines of their own.
    setup: () => cells(6),
    thread(id: number, view: Cells): void {
      const first = Mutex.attach(view, 2, id + 1);
      const second = Mutex.attach(view, 4, id + 1);
      if (id < n - 1) {
        first.lock();
        Atomics.store(view, 0, 1);
        first.unlock();
        second.lock();
        Atomics.store(view, 1, Atomics.load(view, 0) + 1);
        second.unlock();
        return;
      }
      first.lock();
      const one = Atomics.load(view, 0);
      first.unlock();
      if (one === 0) return;
      second.lock();
      const two = Atomics.load(view, 1);
      second.unlock();
      if (two !== one + 1) throw new Error(`the reader saw ${one} and ${two}`);
    },
  };
}

export const needles: readonly Program<Cells, Cells, void>[] = [
  ...[3, 5, 10, 20, 50, 100].map(reorder),
  ...[2, 20, 50].map(twostage),
];
