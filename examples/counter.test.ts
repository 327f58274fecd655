import * as fc from 'fast-check';
import { concurrentProgram, specification } from 'threadproof';
import { expect, test } from 'vitest';

/** The code under test: plain code over Atomics. */
class Counter {
  readonly #view: Int32Array;
  constructor(view: Int32Array) {
    this.#view = view;
  }
  increment(by: number): number {
    return Atomics.add(this.#view, 0, by);
  }
  /** Wrong: another thread may write between the load and the store. */
  incrementInTwoSteps(by: number): number {
    const old = Atomics.load(this.#view, 0);
    Atomics.store(this.#view, 0, old + by);
    return old;
  }
}

/** What it should do when nobody disturbs it. */
const counter = specification<number>({
  name: 'counter',
  initial: () => 0,
  operations: {
    increment: (state, [by]: readonly [number]) => ({ state: state + by, result: state }),
    incrementInTwoSteps: (state, [by]: readonly [number]) => ({ state: state + by, result: state }),
  },
});

const programs = (operation: 'increment' | 'incrementInTwoSteps') =>
  concurrentProgram({
    setup: () => new Int32Array(new SharedArrayBuffer(4)),
    attach: (view) => new Counter(view),
    operations: { [operation]: { args: fc.tuple(fc.integer({ min: 1, max: 9 })) } },
    specification: counter,
  });

test('increment is linearizable', () => {
  fc.assert(fc.property(programs('increment'), (program) => program.check()));
});

test('incrementInTwoSteps is not', () => {
  const property = fc.property(programs('incrementInTwoSteps'), (program) => program.check());
  expect(() => fc.assert(property, { includeErrorInReport: true })).toThrow(/not linearizable/);
});
