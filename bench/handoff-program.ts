/** Two threads that add to a cell of their own, step by step: under round robin each step is a hand-off from one to the other. */
import type { Program } from '../src/engine/program.ts';

type Cells = Int32Array<SharedArrayBuffer>;

export const stepsOfThread = 5_000;

export const turns: Program<Cells, Cells, void> = {
  threads: 2,
  setup: () => new Int32Array(new SharedArrayBuffer(8)),
  thread(id, view): void {
    for (let i = 0; i < stepsOfThread; i++) Atomics.add(view, id, 1);
  },
};
