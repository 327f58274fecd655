/** The programs of `bench explore`: the seven of anchors.md, each on one Int32Array. */
import type { Program } from '../src/engine/program.ts';
import { Mutex } from '../src/runtime/index.ts';

type Cells = Int32Array<SharedArrayBuffer>;

const cells = (count: number): Cells => new Int32Array(new SharedArrayBuffer(4 * count));

function expect(condition: boolean, message: string): void {
  if (!condition) throw new Error(message);
}

function adds(name: string, threads: number): Program<Cells, Cells, void> {
  return {
    name,
    threads,
    setup: () => cells(1),
    thread(_id: number, view: Cells): void {
      Atomics.add(view, 0, 1);
      Atomics.add(view, 0, 1);
    },
    check: (view: Cells) => expect(view[0] === 2 * threads, `the counter is ${view[0]}`),
  };
}

function criticalSections(name: string, threads: number, sections: number): Program<Cells, Cells, void> {
  return {
    name,
    threads,
    setup: () => cells(2),
    thread(id: number, view: Cells): void {
      const mutex = Mutex.attach(view, 0, id + 1);
      for (let i = 0; i < sections; i++) {
        mutex.lock();
        Atomics.store(view, 1, Atomics.load(view, 1) + 1);
        mutex.unlock();
      }
    },
    check: (view: Cells) => expect(view[1] === threads * sections, `the counter is ${view[1]}`),
  };
}

/** Two threads add to one counter twice each. */
export const P1: Program<Cells, Cells, void> = adds('P1', 2);

/** Three threads. */
export const P2: Program<Cells, Cells, void> = adds('P2', 3);

/** The runtime's mutex: two threads, two critical sections each. */
export const P3: Program<Cells, Cells, void> = criticalSections('P3', 2, 2);

/** Three threads, one critical section each. */
export const P4: Program<Cells, Cells, void> = criticalSections('P4', 3, 1);

/** Store buffering: both loads may not see 0. */
export const P5: Program<Cells, Cells, number> = {
  name: 'P5',
  threads: 2,
  setup: () => cells(2),
  thread(id: number, view: Cells): number {
    Atomics.store(view, id, 1);
    return Atomics.load(view, 1 - id);
  },
  check: (_view: Cells, results: readonly number[]) =>
    expect(results[0] === 1 || results[1] === 1, 'both threads read 0'),
};

/** Three threads: store one's own cell, load the two others. */
export const P6: Program<Cells, Cells, readonly number[]> = {
  name: 'P6',
  threads: 3,
  setup: () => cells(3),
  thread(id: number, view: Cells): readonly number[] {
    Atomics.store(view, id, 1);
    return [Atomics.load(view, (id + 1) % 3), Atomics.load(view, (id + 2) % 3)];
  },
  check: (_view: Cells, results: readonly (readonly number[])[]) =>
    expect(
      results.some((seen) => seen.includes(1)),
      'all threads read 0 everywhere',
    ),
};

// Cell 0: top of the stack (0 is empty); cells 1 and 2: the node below node 1 and 2.
const empty = 0;

function push(view: Cells, node: number): void {
  for (;;) {
    const top = Atomics.load(view, 0);
    Atomics.store(view, node, top);
    if (Atomics.compareExchange(view, 0, top, node) === top) return;
  }
}

function tryPop(view: Cells): number {
  for (;;) {
    const top = Atomics.load(view, 0);
    if (top === empty) return empty;
    const below = Atomics.load(view, top);
    if (Atomics.compareExchange(view, 0, top, below) === top) return top;
  }
}

/** A Treiber stack on indices: two producers push a node each, a consumer pops twice. */
export const P7: Program<Cells, Cells, readonly number[]> = {
  name: 'P7',
  threads: 3,
  setup: () => cells(3),
  thread(id: number, view: Cells): readonly number[] {
    if (id === 2) return [tryPop(view), tryPop(view)];
    push(view, id + 1);
    return [];
  },
  check: (view: Cells, results: readonly (readonly number[])[]) => {
    const popped = (results[2] ?? []).filter((node) => node !== empty);
    const left: number[] = [];
    for (let node = view[0]!; node !== empty; node = view[node]!) left.push(node);
    expect([...popped, ...left].sort().join() === '1,2', `popped ${popped.join()}, left ${left.join()}`);
  },
};
